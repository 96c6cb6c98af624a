"""Random and adversarial points and intervals for containment tests.

Every generator takes a dtype and a seed and returns arrays of that dtype; two calls with the same
arguments return the same numbers.
"""

from typing import Any

import numpy as np

_BITS: dict[np.dtype, Any] = {
    np.dtype(np.float32): np.uint32,
    np.dtype(np.float64): np.uint64,
}

CRITICAL = (
    0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 10.0, 49.0, 1 / 3, 0.1, np.pi, np.pi / 2, np.pi / 4, np.e,
    np.log(2), np.log(10), np.sqrt(2), np.sqrt(0.5), 2 / np.sqrt(np.pi),
    1.278464542761074,  # the minimum of silu
    2.3993572805154675,  # the maximum of its derivative
    0.34657359027997264,  # ln(2)/2: ends of the reduced range of exp
    0.5493061443340549,  # atanh(1/2)
    0.6569, 0.84375, 1.25, 2.857142857142857,  # where implementations of erf change formula
    8.8, 17.3, 18.7, 19.0615, 22.0, 36.04, 37.5, 38.5,  # tanh, erf, logistic, ndtr level off
    88.0, 88.722839, 87.336548, 103.97208, 708.3964, 709.7827, 744.4401, 745.1332,  # exp ends
)  # fmt: skip
"""Magnitudes where a function turns, levels off, overflows, or changes its formula."""


def special(dtype: np.dtype | type) -> np.ndarray:
    """Zeros, infinities, the limits of the format and the subnormals next to them, both signs."""
    info = np.finfo(dtype)
    tiny, largest = info.tiny, info.max
    positive = np.array(
        [
            0.0, info.smallest_subnormal, tiny / 2, tiny, tiny * 2, info.eps, info.epsneg,
            np.sqrt(tiny), np.sqrt(largest), largest / 2, largest, np.inf,
        ],
        dtype,
    )  # fmt: skip
    return np.concatenate([positive, -positive])


def neighbours(values: np.ndarray, steps: int = 3) -> np.ndarray:
    """The floats at most so many steps from each finite value, the value included."""
    found, up, down = [values], values, values
    with np.errstate(over="ignore", under="ignore"):
        for _ in range(steps):
            up, down = np.nextafter(up, np.inf), np.nextafter(down, -np.inf)
            found += [up, down]
    result = np.unique(np.concatenate(found))
    return np.append(result, np.array([-0.0], values.dtype))


def adversarial(dtype: np.dtype | type) -> np.ndarray:
    """The special floats, the critical magnitudes, all powers of two, and their neighbours."""
    info = np.finfo(dtype)
    powers = np.ldexp(np.ones(1, dtype), np.arange(info.minexp - info.nmant, info.maxexp))
    powers = neighbours(np.concatenate([powers, -powers]).astype(dtype), steps=1)
    critical = np.array(CRITICAL, dtype)
    return np.union1d(neighbours(np.concatenate([special(dtype), critical, -critical])), powers)


def points(dtype: np.dtype | type, size: int, seed: int = 0, finite: bool = True) -> np.ndarray:
    """Adversarial floats first, then random ones of every scale that functions care about.

    A third of the random ones are random bit patterns (every exponent is equally likely, subnormals
    included), a third have magnitudes 2^-30 to 2^10, a third are uniform on [-20, 20].
    """
    dtype = np.dtype(dtype)
    rng = np.random.default_rng(seed)
    edge = adversarial(dtype)
    if finite:
        edge = edge[np.isfinite(edge)]
    if edge.size > size // 2:
        edge = rng.choice(edge, size // 2, replace=False)
    third = (size - edge.size) // 3 + 1
    bits = rng.integers(0, np.iinfo(_BITS[dtype]).max, 2 * third, _BITS[dtype], endpoint=True)
    patterns = bits.view(dtype)
    patterns = patterns[np.isfinite(patterns)][:third]
    signs = rng.choice([-1.0, 1.0], third)
    scaled = signs * np.exp2(rng.uniform(-30, 10, third))
    uniform = rng.uniform(-20, 20, size)
    return np.concatenate(
        [edge, patterns, scaled.astype(dtype), uniform.astype(dtype)]
    )[:size]  # fmt: skip


def pairs(dtype: np.dtype | type, size: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Operands for a function of two arguments, with cancellation and reciprocals among them."""
    rng = np.random.default_rng(seed)
    x = rng.permutation(points(dtype, size, seed + 1))
    y = rng.permutation(points(dtype, size, seed + 2))
    kind = rng.integers(0, 8, size)
    with np.errstate(all="ignore"):
        close = np.nextafter(-x, rng.choice([-np.inf, np.inf], size).astype(x.dtype))
        inverse = np.where(x != 0, 1 / x, y)
    y = np.select([kind == 0, kind == 1, kind == 2], [close, -x, inverse], y)
    return x, np.where(np.isfinite(y), y, x).astype(x.dtype)


def intervals(
    dtype: np.dtype | type, size: int, seed: int = 0, bounded: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Bounds lo <= hi of nonempty intervals: points, thin, narrow, wide, straddling 0, half-lines.

    With `bounded` no bound is infinite.
    """
    dtype = np.dtype(dtype)
    rng = np.random.default_rng(seed)
    a = rng.permutation(points(dtype, size, seed + 1))
    b = rng.permutation(points(dtype, size, seed + 2))
    kind = rng.integers(0, 8, size)
    with np.errstate(all="ignore"):
        thin = np.nextafter(a, np.array(np.inf, dtype))
        narrow = (a + np.abs(a) * np.exp2(rng.uniform(-20, -2, size))).astype(dtype)
        infinite = np.full(size, np.inf, dtype)
    other = np.select(
        [kind == 0, kind == 1, kind == 2, kind == 3, kind == 4],
        [a, thin, narrow, -a, infinite if not bounded else b],
        b,
    )
    if bounded:
        other = np.clip(other, -np.finfo(dtype).max, np.finfo(dtype).max)
    else:
        a = np.where((kind == 5) & (rng.random(size) < 0.3), -infinite, a)
    return np.minimum(a, other).astype(dtype), np.maximum(a, other).astype(dtype)


def members(lo: np.ndarray, hi: np.ndarray, seed: int = 0) -> np.ndarray:
    """One real member of each nonempty interval: an end, 0, a turning point or a random one."""
    rng = np.random.default_rng(seed)
    largest = np.finfo(lo.dtype).max
    lo, hi = np.clip(lo, -largest, largest), np.clip(hi, -largest, largest)
    share = rng.random(lo.shape).astype(lo.dtype)
    inner = lo * (1 - share) + hi * share
    fixed = rng.choice(np.array(CRITICAL), lo.shape) * rng.choice([-1.0, 1.0], lo.shape)
    kind = rng.integers(0, 5, lo.shape)
    chosen = np.select([kind == 0, kind == 1, kind == 2], [lo, hi, fixed.astype(lo.dtype)], inner)
    return np.clip(chosen, lo, hi)
