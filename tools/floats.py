"""Floats next to the numbers of mpmath."""

import mpmath as mp
import numpy as np

# Both formats, as the tables have them one after the other.
FORMATS = ("float32", "float64")
# Digits of the leading part of a constant whose product with half of a float must be exact.
SHORT = {"float64": 26, "float32": 12}


def nearest(x: mp.mpf, dtype: np.dtype) -> float:
    """The float of the type nearest to x, for normal x."""
    return short(x, np.finfo(dtype).nmant + 1)


def short(x: mp.mpf, digits: int) -> float:
    """The number of so many binary digits nearest to x."""
    with mp.workprec(digits):
        return float(+mp.mpf(x))


def on_grid(x: mp.mpf, digits: int) -> float:
    """The multiple of 2**-digits nearest to x."""
    return float(mp.ldexp(mp.nint(mp.ldexp(x, digits)), -digits))


def pair(x: mp.mpf, dtype: np.dtype) -> tuple[float, float]:
    """x as a float and the rest."""
    leading = nearest(x, dtype)
    return leading, nearest(x - leading, dtype) if x != leading else 0.0


def between(x: mp.mpf, dtype: np.dtype) -> tuple[float, float]:
    """The floats of the type next below and above x, which is none itself."""
    near = dtype.type(nearest(x, dtype))
    if mp.mpf(float(near)) < x:
        return float(near), float(np.nextafter(near, dtype.type(np.inf)))
    return float(np.nextafter(near, dtype.type(-np.inf))), float(near)
