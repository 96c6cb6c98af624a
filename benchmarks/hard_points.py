"""Points for the soundness campaign: of every scale, next to edges, where rounding is hard."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from flint import arb, ctx

from reference import points

Points = tuple[np.ndarray, ...]


def random_part(size: int) -> int:
    """How many of the points drawn, the first ones, are random. The others are chosen."""
    return 3 * (size // 4)


def draw(
    rng: np.random.Generator,
    dtype: type,
    size: int,
    active: tuple[float, float],
    critical: Sequence[float] = (),
) -> np.ndarray:
    """Points over all exponents, over the active range in two measures, and next to hard ones."""
    part = random_part(size) // 3
    low, high = active
    integer = np.uint32 if dtype is np.float32 else np.uint64
    bits = rng.integers(0, np.iinfo(integer).max, part, integer, endpoint=True)
    patterns: np.ndarray = bits.view(dtype)
    scale = np.log2(max(abs(low), abs(high)))
    magnitude = np.exp2(rng.uniform(min(-np.finfo(dtype).nmant, scale - 10), scale, part))
    signs = rng.choice([1.0] if low >= 0 else [1.0, -1.0], part)
    with np.errstate(over="ignore"):
        hard: np.ndarray = np.array(critical, np.float64).astype(dtype)
        centres = rng.choice(np.concatenate([_adversarial(dtype), hard]), size - random_part(size))
        first = min(hard.size, centres.size // 2)
        centres[:first] = rng.permutation(hard)[:first]
        spread = [rng.uniform(low, high, part), signs * magnitude, _nearby(rng, centres)]
        x = np.concatenate([patterns, *(v.astype(dtype) for v in spread)])
    x = np.where(np.isfinite(x), x, dtype(0.5))
    return np.abs(x) if low >= 0 else x


def pairs(rng: np.random.Generator, dtype: type, size: int) -> Points:
    """Operands with cancellation and reciprocals among them."""
    return points.pairs(dtype, size, seed=int(rng.integers(2**31)))


def triples(rng: np.random.Generator, dtype: type, size: int) -> Points:
    """Factors and a summand that often cancels their product, all but a few units."""
    x, y = pairs(rng, dtype, size)
    with np.errstate(all="ignore"):
        close = -x * y * (1 + rng.integers(-3, 4, size) * np.finfo(dtype).eps)
        mixed = np.where(rng.random(size) < 0.6, close, rng.permutation(x))
        z: np.ndarray = mixed.astype(dtype)
    return x, y, np.where(np.isfinite(z), z, x)


def powers(rng: np.random.Generator, dtype: type, size: int) -> Points:
    """Bases and exponents with powers inside the format, exact ones among them."""
    largest = np.log(np.finfo(dtype).max)
    scale = rng.choice([1e-9, 1e-3, 1.0, largest], size)
    logarithm = np.clip(rng.normal(size=size) * scale, -largest, largest)
    with np.errstate(all="ignore"):
        x: np.ndarray = np.minimum(np.exp(logarithm), np.finfo(dtype).max).astype(dtype)
        y = rng.uniform(-1.06, 1.06, size) * largest / np.log(x.astype(np.float64))
    y = np.where(np.abs(y) < np.finfo(dtype).max, y, rng.normal(size=size))
    kind = rng.integers(0, 8, size)
    x = np.where(kind == 0, rng.integers(0, 40, size), x)
    y = np.where(kind <= 1, rng.integers(-80, 80, size) / 4, y)
    return x.astype(dtype), y.astype(dtype)


def compounds(rng: np.random.Generator, dtype: type, size: int) -> Points:
    """Bases less 1 of every size, and exponents for powers inside the format or next to 1."""
    largest = np.log(np.finfo(dtype).max)
    x, y = powers(rng, dtype, size)
    kind = rng.integers(0, 3, size)
    minute = rng.choice([-1, 1], size) * np.exp2(rng.uniform(np.finfo(dtype).minexp, 0, size))
    with np.errstate(all="ignore"):
        x = np.where(kind == 0, minute, x - 1).astype(dtype)
        of_x = rng.uniform(-1.06, 1.06, size) * largest / np.log1p(x.astype(np.float64))
        of_x *= np.exp2(-rng.choice([0, 1, 20, 80], size))
    y = np.where((kind < 2) & (np.abs(of_x) < np.finfo(dtype).max), of_x, y)
    return np.maximum(x, dtype(-1)), y.astype(dtype)


def around(
    rng: np.random.Generator, x: np.ndarray, low: float, high: float
) -> tuple[np.ndarray, np.ndarray]:
    """Bounds of intervals that contain the points: thin, narrow, wide, half-lines, of each kind."""
    dtype = x.dtype.type
    kind = rng.integers(0, 6, x.size)
    with np.errstate(over="ignore", invalid="ignore"):
        thin = np.nextafter(x, dtype(np.inf))
        narrow = (x + np.abs(x) * np.exp2(rng.uniform(-30, -1, x.size))).astype(dtype)
        other = rng.uniform(low, high, x.size).astype(dtype)
    infinite = np.full_like(x, np.inf)
    far = rng.permutation(x)
    end = np.select([kind == k for k in range(5)], [thin, narrow, other, -x, far], infinite)
    end = points_in_format(np.where(np.isnan(end), x, end))
    return np.minimum(x, end), np.maximum(x, end)


def points_in_format(x: np.ndarray) -> np.ndarray:
    """Numbers of {0, normals, +-inf}: subnormal numbers replaced by 0."""
    return np.where(np.abs(x) < np.finfo(x.dtype).tiny, 0, x).astype(x.dtype)


@functools.cache
def _adversarial(dtype: type) -> np.ndarray:
    return points.adversarial(dtype)


def _nearby(rng: np.random.Generator, centres: np.ndarray) -> np.ndarray:
    """Each point, moved by nothing, by a few floats, or by any smaller magnitude."""
    mantissa = np.finfo(centres.dtype).nmant
    kind = rng.integers(0, 3, centres.size)
    size = centres.size
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        few = centres * (1 + rng.integers(-4, 5, size) * 2.0**-mantissa)
        moved = centres * (1 + rng.normal(size=size) * np.exp2(rng.uniform(-mantissa, 0, size)))
    return np.select([kind == 0, kind == 1], [centres, few], moved)


# --- known hard points --------------------------------------------------------------------

# Worst cases for correct rounding in binary64: V. Lefevre, J.-M. Muller, "Worst cases for correct
# rounding of the elementary functions in double precision", 15th IEEE Symposium on Computer
# Arithmetic, 2001; and the tables of Muller et al., Handbook of Floating-Point Arithmetic.
_WORST = {
    "exp": """
        -0x1.e8bdbfcd9144ep3 -0x1.71e0b869b5e79p2 -0x1.02393d5976769p1 -0x1.2a9cad9998262p0
        -0x1.cc37ef7de7501p0 -0x1.22e24fa3d5cf9p-1 -0x1.dc2b5df1f7d3dp-1 -0x1.290ea09e36479p-3
        -0x1.a2fefefd580dfp-13 -0x1.ed318efb627eap-27 -0x1.4bd46601ae1efp-31 -0x1.1000000000242p-42
        -0x1.8000000000012p-48 -0x1.0000000000001p-51 0x1.fffffffffffffp-53 0x1.fffffffffffe0p-48
        0x1.7ffe7ffee0024p-32 0x1.80017ffedffdcp-32 0x1.9e9cbbfd6080bp-31 0x1.d7a7d893609e5p-26
        0x1.ba07d73250de7p-14 0x1.d77fd13d27fffp-11 0x1.6a4d1af9cc989p-8 0x1.accfbe46b4ef0p-1
        0x1.aca7ae8da5a7bp0 0x1.d6336a88077aap0 0x2.85dc78fb8928cp0 0x1.76e7e5d7b6eacp3
        0x1.a8ead058bc6b8p3 0x1.1d5c2daebe367p4 0x1.c44ce0d716a1ap4
        """,
    "log": """
        0x1.0000000000001p0 0x2.0012ecb039c9cp0 0x6.46a37fd503fdcp0 0x7.78dfecc7f57fp0
        0x9.588ccf24bb9c8p0 0xa.af87550d97e4p0 0xc.76f2496cb039p0 0x11.1867637cbd03p0
        0x13.d9d7d597a9ddp0 0x17.f3825778aaafp0 0x1ac.50b409c8aeep0 0x1.de7cd6751029ap16
        0x1.62a88613629b5p+678
        """,
    "sin": """
        0x1.e0000000001c2p-20 0x1.598bae9e632f6p-7 0x1.9283586503fep-5 0x1.d7bdcd778049fp-5
        0x1.a202b3fb84788p-4 0x1.d037cb27ee6dfp-3 0x1.d5064e6fe82c5p-3 0x1.fe767739d0f6dp-2
        0x1.d98c4c612718dp-1 0x1.921fb54442d18p0 0x1.6756745770a51p1
        """,
    "cos": """
        0x1.8000000000009p-23 0x1.8000000000024p-22 0x1.2000000000f30p-18 0x1.06b505550e6b2p-9
        0x1.97ccd3d2c438fp-6 0x1.549ec0c0c5afap-5 0x1.16e534ee36580p-4 0x1.efeef61d39ac2p-3
        0x1.feb1f7920e248p-2 0x1.7cb7648526f99p-1 0x1.c65a170474549p-1 0x1.6b8a6273d7c21p0
        """,
    "tan": """
        0x1.dfffffffffff1p-22 0x1.67ffffffFa114p-18 0x1.50486b2f87014p-5 0x1.52c39ef070cadp-4
        0x1.a33f32ac5ceb5p-3 0x1.d696bfa988db9p-2 0x1.46ac372243536p-1 0x0.a3561b9121a9bp0
        """,
    "asin": """
        0x1.dfffffffff02ep-20 0x1.dfffffffFc0b8p-19 0x1.9259e3708bd3ap-5 0x1.d77b117f230d6p-5
        0x1.a1490c8c06ba7p-4 0x1.9697cb602c582p-3 0x1.d0ef799001ba9p-3 0x1.e9950730c4696p-2
        0x1.1ed06d50f7e88p-1 0x1.d5b05a89d3e77p-1 0x1.e264357ea0e29p-1
        """,
    "acos": """
        0x1.fd737be914578p-11 0x1.4182199998587p-1 0x1.e45a1c93651ecp-1 0x1.f10fc61e2c78fp-1
        """,
    "atan": """
        0x1.e000000000546p-21 0x1.22e8d75e2bc7fp-11 0x1.0fc9f1fabe658p-5 0x1.1bbe9c255698dp-5
        0x1.8ddd25ab90ca1p-5 0x1.5389e6df41979p-4 0x1.a933fe176b375p-3 0x1.0f6e5d9960397p-2
        0x1.7ba49f739829fp-1 0x0.bdd24fb9cc14f8p0
        """,
    "exp2": """
        0x1.16a76ec41b516p-1 0x1.3e34fa6ab969ep-1 0x1.4a63ff1d53f53p-1 0x1.b32a6c92d1185p-1
        0x1.25dd9eedac79ap0
        """,
    "log2": "0x1.7550685a42c63p0 0x1.89d948a94fe16p0 0x1.90661da12d528p0 0x1.1ba39ff28e3e9p1",
    "sinh": """
        0x1.dfffffffffe3ep-20 0x1.dfffffffFe3e0p-18 0x1.135e31fdd05d3p-5 0x1.0dc68d5e8f959p-3
        0x1.616cc75d49226p-2 0x1.3ffc12b81cbc2p0 0x2.fe008c44baca2p0 0x1.c089fcf166171p4
        0x1.e07e71bfcf06fp5 0x1.54cd1fea7663ap7 0x1.d6479eba7c971p8
        """,
    "asinh": """
        0x1.e000000000fd1p-20 0x1.e00000000fd1fp-18 0x1.136b78b25cc57p-5 0x1.0e8e73dc4fee3p-3
        0x1.687bd068c1c1ep-2 0x1.9a0ff413a1af2p0 0x9.f08a43ed03aep0 0x1.5c452e0e37569p39
        0x1.91ec4412c344fp85 0x1.c90810d354618p244 0x1.62a88613629b5p677
        """,
    "cosh": """
        0x1.17d8a9f206217p-6 0x1.bf0305e2c6c37p-3 0x1.03923f2b47c07p-1 0x1.a6031cd5f93bap-1
        0x1.104b648f113a1p0 0x1.ea5f2f2e4b0c5p1
        """,
    "acosh": """
        0x1.00098f5f09be3p0 0x1.061f4c39e16f2p0 0x1.219c1989e3372p0 0x1.5bff041b260fdp0
        0x1.9efdca62b7009p0 0x17.10db0cd0fed5p0
        """,
}

_LGAMMA_ZEROS = (
    1.0, 2.0, -2.4570247382208006, -2.7476826467274127, -3.14358088834998, -3.955294284858598,
    -4.039361839740537, -4.991544640560048, -5.0082181683225935, -5.998607480080875,
    -6.001385294453155, -6.999801507890638, -7.0001983341,
)  # fmt: skip

_EDGES: dict[str, tuple[float, ...]] = {
    "acosh": (1.0,),
    "asin": (1.0, -1.0),
    "acos": (1.0, -1.0),
    "atanh": (1.0, -1.0),
    "acoth": (1.0, -1.0),
    "erfcinv": (1.0, 2.0, 2.0**-52, 2 - 2.0**-52, 2.0**-126),
    "erfinv": (1.0, -1.0, 1 - 2.0**-24, 2.0**-24 - 1),
    "ndtri": (1.0, 0.5, 1 - 2.0**-53, 2.0**-126),
    "erfc": (26.543258430632299, 27.226017111108363, 10.0543, 9.19, -5.86358474875516, -3.8325),
    "ndtr": (-37.519379347, -38.4674, -13.0, -14.17, 8.2923611, 5.16658),
    "log_ndtr": (-1.0, 5.0, 8.29, 37.519379347, 38.4, 12.9, -1e8),
    "lgamma": (
        *_LGAMMA_ZEROS,
        *(-float(k) for k in range(25)),
        1.4616321449683623,
        171.6,
        1e17,
        2.5e305,
    ),
    "silu_derivative": (-1.2784645427610738, 2.3993572805154, -745.13, 36.04, -103.97, 14.5),
    "gelu_derivative": (-0.7517915246935645, 1.4142135623730951, -38.4, -13.0, 9.2, 6.3),
    "gelu": (-0.7517915241, -37.5, -38.4, -13.0, 8.3),
    "norm_pdf": (37.5194, 38.56, 13.0, 14.4),
    "logistic": (-708.396, -745.13, 36.7368, 37.43, -87.3365, -103.97, 16.6355, 17.3287),
    "silu": (-714.97, -751.0, -1.2784645427610738, -91.8, 36.04),
    "softplus": (-708.396, -745.13, 36.04, 33.27, -87.3365, 14.5),
    "exp": (709.782712893384, 709.7827128933841, -708.3964185322641, 88.72284, -87.33655),
    "expm1": (709.782712893384, 88.72284, -37.42994775023705, -36.7368, -17.32868, -16.6355),
    "exp2": (1024.0, -1022.0, 128.0, -126.0),
    "exp10": (308.25471555991675, -307.65265556858883, 38.53184, -37.92978, *range(-22, 23)),
    "log": (1.0,),
    "log2": (1.0,),
    "exp2m1": (1024.0, 128.0, -53.0, -54.0, -24.0, -25.0, *range(1, 60)),
    "exp10m1": (308.25471555991675, 38.53184, -15.95, -7.2, *range(1, 23)),
    "log2p1": (-1.0, *(2.0**k - 1 for k in range(-53, 54)), 2.0**60, 2.0**100),
    "log10p1": (-1.0, *(10.0**k - 1 for k in range(1, 16)), *(10.0**k for k in range(15, 23))),
    "asinpi": (0.5, 1.0),
    "acospi": (0.5, 1.0, 2.0**-53, 2.0**-24),
    "atanpi": (1.0, 2.0**53, 2.0**24),
    "rsqrt": tuple(4.0**k for k in range(-20, 21)),
    "log10": (1.0, *(10.0**k for k in range(23))),
    "log1p": (-1.0, 2.0**-53, -(2.0**-53)),
    "sinh": (710.4758600739439, 89.41599),
    "cosh": (710.4758600739439, 89.41599),
    "tanh": (18.7, 19.0615, 9.01, 9.36),
    "cbrt": tuple(float(k) ** 3 for k in range(20)),
}
"""Ends of domains, where values leave the format or level off, turning points, exact values."""


@functools.cache
def of(name: str) -> tuple[float, ...]:
    """What is known to be hard for a function, both signs."""
    found = [float.fromhex(word) for word in _WORST.get(name, "").split()]
    found += _EDGES.get(name, ())
    if name in {"sin", "cos", "tan", "cot", "sec", "csc"}:
        found += [*near_multiples(np.float64), *near_multiples(np.float32)]
    return tuple(dict.fromkeys(s * x for x in found for s in (1.0, -1.0)))


@functools.cache
def near_multiples(dtype: type) -> list[float]:
    """For every exponent the float closest, relative to it, to a multiple of pi/2.

    With x = m 2^e the question is how close m (2^e / (pi/2)) comes to an integer: that is answered
    by the denominators of the convergents of the number in parentheses.
    """
    info = np.finfo(dtype)
    with ctx.workprec(1400):
        scaled = (2 / arb.pi() * arb(2) ** 1300).floor().unique_fmpz()
        ratio = Fraction(int(str(scaled)), 2**1300)
    found = []
    for exponent in range(-info.nmant, info.maxexp - info.nmant):
        best = _largest_denominator(ratio * Fraction(2) ** exponent, 2 ** (info.nmant + 1))
        found.append(float(best) * 2.0**exponent)
    return found


def _largest_denominator(value: Fraction, limit: int) -> int:
    """The largest denominator below a limit among the convergents of a number."""
    numerator, denominator = value.numerator, value.denominator
    before, last = 1, 0
    while denominator:
        digit, remainder = divmod(numerator, denominator)
        numerator, denominator = denominator, remainder
        before, last = last, digit * last + before
        if last >= limit:
            return before
    return last
