"""Checks of enclosures against exact values, for the tests of rules and of users' functions.

Comparisons are exact: there is no tolerance anywhere. Exact values are given as floats, integers,
:class:`fractions.Fraction`, :class:`decimal.Decimal` or mpmath numbers, all of which *are* rational
numbers; a value known only between two bounds is given as both.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import jax
import numpy as np

from interval_jax._interval import Interval

__all__ = ["assert_encloses", "assert_round_to_nearest", "excess_ulps", "mpmath_bounds"]


def assert_encloses(enclosure: Interval, lower: Any, upper: Any = None) -> None:
    """Assert that every interval contains the exact values between ``lower`` and ``upper``.

    Args:
        enclosure: Intervals of any shape.
        lower: Exact values, or numbers at or below them; broadcast against the intervals. Floats
            stand for themselves, ``-inf`` only for a lack of bounds.
        upper: Numbers at or above the exact values; ``None`` if ``lower`` is exact.

    Raises:
        AssertionError: If an interval misses a value, by however little; it says how many do and
            shows one of them with all its digits.
        ValueError: If an exact value is NaN.

    Example:
        >>> import interval_jax as ij
        >>> from fractions import Fraction
        >>> from interval_jax.testing import assert_encloses
        >>> assert_encloses(ij.interval(1.0) / 3, Fraction(1, 3))
        >>> assert_encloses(ij.interval(0.333, 0.3333), Fraction(1, 3))
        Traceback (most recent call last):
            ...
        AssertionError: 1 of 1 intervals miss their exact value; first at ():
          interval [0x1.54fdf20000000p-2, 0x1.554c9a0000000p-2] = [0.3329999..., 0.3333000...]
          value    1/3
    """
    lo, hi, low, high = _aligned(enclosure, lower, upper)
    # "Not above" would accept NaN bounds; "at or below" does not.
    missed = ~(_at_most(lo, low) & _at_most(high, hi))
    if not missed.any():
        return
    at = tuple(int(i) for i in np.argwhere(missed)[0])
    a, b = float(lo[at]), float(hi[at])
    value = f"{low[at]}" if upper is None else f"[{low[at]}, {high[at]}]"
    raise AssertionError(
        f"{int(missed.sum())} of {missed.size} intervals miss their exact value; first at {at}:\n"
        f"  interval [{a.hex()}, {b.hex()}] = [{a!r}, {b!r}]\n"
        f"  value    {value}"
    )


def assert_round_to_nearest() -> None:
    """Assert that floating-point operations round to nearest, in numpy and in JAX.

    Every bound of this package is proven for rounding to nearest. Some libraries switch the
    processor to another mode and, after an error, leave it there; nothing else would show it.

    Raises:
        AssertionError: If a sum is rounded in another direction; it says in which.

    Example:
        >>> from interval_jax.testing import assert_round_to_nearest
        >>> assert_round_to_nearest()
    """
    for dtype in (np.float32, np.float64):
        # Nearest to 1 +- a tenth of the distance to the next number, and to its negative, is 1.
        one: np.ndarray = np.array([1, -1], dtype)
        tenth: np.ndarray = np.full(2, np.finfo(dtype).epsneg / 10, dtype)
        sums: dict[str, tuple[Any, Any]] = {"numpy": (one + tenth, one - tenth)}
        if dtype == jax.dtypes.canonicalize_dtype(dtype):
            sums["JAX"] = jax.device_get(_sum_and_difference(one, tenth))
        for library, (above, below) in sums.items():
            up, down = (above > one).any(), (below < one).any()
            if up or down:
                direction = "towards zero" if up and down else "up" if up else "down"
                raise AssertionError(
                    f"this process rounds {direction} in {library} ({np.dtype(dtype).name}), not "
                    "to nearest: no bound holds; find out who called fesetround or its like"
                )


@jax.jit
def _sum_and_difference(x: jax.Array, y: jax.Array) -> tuple[jax.Array, jax.Array]:
    return x + y, x - y


def excess_ulps(
    enclosure: Interval, lower: Any, upper: Any = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return how many floats too wide each interval is, below and above.

    The tightest bounds of exact values in [lower, upper] are the nearest numbers of the format
    {0, normals, +-inf} on either side. The result counts steps of the format from there to the
    bounds of the interval: 0 is tightest, a negative count is a violation.

    Args:
        enclosure: Intervals of any shape, none of them empty.
        lower: Exact values, or exact minima of the ranges to enclose.
        upper: Exact maxima of the ranges; ``None`` if they are points.

    Returns:
        Two int64 arrays, the excess of the lower and of the upper bounds.

    Example:
        >>> import interval_jax as ij
        >>> from fractions import Fraction
        >>> from interval_jax.testing import excess_ulps
        >>> below, above = excess_ulps(ij.interval(1.0) / 3, Fraction(1, 3))
        >>> int(below), int(above)
        (0, 0)
    """
    lo, hi, low, high = _aligned(enclosure, lower, upper)
    below = _position(_round_down(low, lo.dtype)) - _position(lo)
    above = _position(hi) - _position(-_round_down(np.negative(high), hi.dtype))
    return below, above


def mpmath_bounds(
    function: Callable[..., Any], *points: Any, bits: int = 200
) -> tuple[np.ndarray, np.ndarray]:
    """Return bounds of a function's values at points, computed by mpmath at high precision.

    The function is evaluated with ``bits`` and with twice as many bits. The bounds lie
    ``2**(16 - bits)`` to either side, relative to the value: far closer than any float, and far
    wider than mpmath's error. Two evaluations that disagree by more raise an error.

    Args:
        function: A function of mpmath numbers, such as ``mpmath.erf``.
        points: Float arrays, broadcast against each other.
        bits: Precision of the bounds.

    Returns:
        Two object arrays of mpmath numbers, at or below and at or above the exact values.

    Raises:
        ArithmeticError: If the two evaluations disagree: the function cancels; raise ``bits``.

    Example:
        >>> import interval_jax as ij
        >>> import mpmath
        >>> from interval_jax.testing import assert_encloses, mpmath_bounds
        >>> x = [0.5, 2.0]
        >>> assert_encloses(ij.interval([0.52, 0.99], [0.53, 1.0]), *mpmath_bounds(mpmath.erf, x))
    """
    import mpmath

    arrays = np.broadcast_arrays(*(np.asarray(p, dtype=float) for p in points))
    lower = np.empty(arrays[0].shape, object)
    upper = np.empty(arrays[0].shape, object)
    for at in np.ndindex(lower.shape):
        arguments = [float(a[at]) for a in arrays]
        with mpmath.workprec(bits):
            rough = function(*map(mpmath.mpf, arguments))
        with mpmath.workprec(2 * bits):
            value = function(*map(mpmath.mpf, arguments))
            margin = abs(value) * mpmath.mpf(2) ** (16 - bits)
            if not abs(value - rough) <= margin:
                raise ArithmeticError(
                    f"mpmath gives {rough} and {value} at {arguments} with {bits} and "
                    f"{2 * bits} bits: pass a larger bits"
                )
            lower[at], upper[at] = value - margin, value + margin
    return lower, upper


def _aligned(enclosure: Interval, lower: Any, upper: Any) -> tuple[np.ndarray, ...]:
    if not isinstance(enclosure, Interval):
        raise TypeError(f"expected an Interval, got {type(enclosure).__name__}")
    lo, hi = np.asarray(enclosure.lo), np.asarray(enclosure.hi)
    low = _numbers(lower)
    high = low if upper is None else _numbers(upper)
    return tuple(np.broadcast_arrays(lo, hi, low, high))


def _numbers(values: Any) -> np.ndarray:
    """Values as an array of float32, float64, or of exact rationals."""
    array = np.asarray(values) if isinstance(values, jax.Array | np.ndarray) else None
    if array is None or array.dtype.kind != "f" or array.dtype.itemsize > 8:
        objects = np.asarray(values, dtype=object)
        array = np.empty(objects.shape, object)
        for at, value in np.ndenumerate(objects):
            array[at] = _rational(value)
    elif np.isnan(array).any():
        raise ValueError("an exact value is NaN; leave out points outside the domain")
    return array


def _rational(value: Any) -> Fraction | float:
    """A number as the rational it is; infinities stay floats."""
    number = float(value) if isinstance(value, float | np.floating | Decimal) else 0.0
    if hasattr(value, "_mpf_"):  # mpmath's (sign, mantissa, exponent, bits)
        sign, mantissa, exponent, _ = value._mpf_
        if mantissa or not exponent:
            return (-1) ** sign * int(mantissa) * Fraction(2) ** exponent
        number = float(value)
    if np.isnan(number):
        raise ValueError("an exact value is NaN; leave out points outside the domain")
    if np.isinf(number) and not _finite(value):
        return number
    if isinstance(value, np.floating):
        return Fraction(*value.as_integer_ratio())
    return Fraction(value)


def _finite(value: Any) -> bool:
    # A Decimal may lie beyond every float.
    return isinstance(value, Decimal) and value.is_finite()


def _at_most(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Elementwise ``a <= b``, exact for floats and rationals."""
    if a.dtype != object and b.dtype != object:
        wide = np.promote_types(a.dtype, b.dtype)
        return a.astype(wide) <= b.astype(wide)
    a, b = np.broadcast_arrays(a.astype(object), b.astype(object))
    result = np.empty(a.shape, bool)
    for at in np.ndindex(result.shape):
        result[at] = a[at] <= b[at]
    return result


def _round_down(values: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """The largest numbers of {0, normals, +-inf} at or below the values."""
    values = np.asarray(values)
    tiny, largest = np.finfo(dtype).tiny, np.finfo(dtype).max
    with np.errstate(over="ignore", under="ignore"):
        near = np.asarray(np.clip(values, -float(largest), float(largest)))
        near = near.astype(dtype)
        above = ~_at_most(near, values)
        result = np.where(above, np.nextafter(near, dtype.type(-np.inf)), near)
    result = np.where((result > 0) & (result < tiny), dtype.type(0), result)
    result = np.where((result < 0) & (result > -tiny), -tiny, result)
    return np.where(_at_most(np.array(np.inf), values), dtype.type(np.inf), result).astype(dtype)


def _position(values: np.ndarray) -> np.ndarray:
    """The place of each number in {0, normals, +-inf}, counted from 0."""
    values = np.asarray(values)
    integer = np.dtype(f"i{values.dtype.itemsize}")
    magnitude = np.abs(values).view(integer).astype(np.int64)
    smallest = int(np.finfo(values.dtype).tiny.view(integer))
    place = np.where(magnitude == 0, 0, magnitude - smallest + 1)
    return np.where(values < 0, -place, place)
