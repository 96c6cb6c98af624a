"""The interchange encoding of intervals (IEEE 1788-2015 section 14.4), for other systems.

An interval is the encoding of its lower bound, then that of its upper bound, then, if decorated,
one octet for the decoration: a :class:`~interval_jax.Decoration`.
"""

from __future__ import annotations

from typing import Any, Literal

import jax.numpy as jnp
import numpy as np

from interval_jax._constructors import interval
from interval_jax._decorated import DecoratedInterval, Decoration, decorate
from interval_jax._interval import Interval, as_interval

__all__ = ["from_interchange", "to_interchange"]

ByteOrder = Literal["little", "big"]

_FORMATS = {8: np.float32, 9: np.float32, 16: np.float64, 17: np.float64}
"""Type of the bounds by the number of octets; odd ones end in a decoration."""

_ORDERS: dict[str, Literal["<", ">"]] = {"little": "<", "big": ">"}


def to_interchange(x: Any, byteorder: ByteOrder = "little") -> np.ndarray:
    """Encode intervals as octets, exactly.

    Args:
        x: Intervals, bare or decorated, of any shape, not traced.
        byteorder: Whether the least or the most significant octet of a bound comes first.

    Returns:
        uint8 array of the shape of x and one more axis: 8 octets for float32, 16 for float64, one
        more if decorated; ``.tobytes()`` makes it bytes.

    Special cases: the empty set is (inf, -inf), NaI is (NaN, NaN, ill); a lower bound 0 is
    written -0, an upper one +0, as ``inf`` and ``sup`` of the standard give them.

    Example:
        >>> import interval_jax as ij
        >>> ij.to_interchange(ij.interval(1.0, 2.0), "big").tobytes().hex(" ", 4)
        '3f800000 40000000'
    """
    decorated = isinstance(x, DecoratedInterval)
    parts = x if decorated else decorate(as_interval(x))
    lo, hi = np.asarray(parts.interval.lo), np.asarray(parts.interval.hi)
    lo, hi = np.where(lo == 0, -0.0, lo).astype(lo.dtype), hi + hi.dtype.type(0)
    decoration = np.asarray(parts.decoration)
    lo, hi = (np.where(decoration == Decoration.ILL, np.nan, b).astype(b.dtype) for b in (lo, hi))
    dtype = lo.dtype.newbyteorder(_order(byteorder))
    octets = [np.ascontiguousarray(b.astype(dtype)[..., None]).view(np.uint8) for b in (lo, hi)]
    return np.concatenate(octets + [decoration[..., None]] * decorated, axis=-1)


def from_interchange(octets: Any, byteorder: ByteOrder = "little") -> Interval | DecoratedInterval:
    """Decode what :func:`to_interchange`, or another system, wrote.

    Args:
        octets: uint8 array whose last axis has 8 octets (float32) or 16 (float64), or one more:
            decorated. Bytes are one interval; ``np.frombuffer`` and a reshape make many.
        byteorder: Whether the least or the most significant octet of a bound comes first.

    Returns:
        Intervals of the shape without the last axis, with bounds of the type of the encoding
        (float32 if x64 is disabled). Exact, but for bounds that the type does not hold, among
        them subnormal ones: they are enclosed.

    Raises:
        TypeError: If the octets are no bytes and no uint8 array.
        ValueError: If they are no encoding: their number, a NaN that is not NaI, bounds out of
            order, an unknown decoration, or one that does not fit the interval.

    Example:
        >>> import interval_jax as ij
        >>> ij.from_interchange(bytes.fromhex("bf8000004000000008"), "big")
        DecoratedInterval([-1, 2]_def, float32)
    """
    if isinstance(octets, bytes | bytearray | memoryview):
        octets = np.frombuffer(octets, np.uint8)
    octets = np.asarray(octets)
    if octets.dtype != np.uint8:
        raise TypeError(f"octets of dtype {octets.dtype}; pass bytes or a uint8 array")
    size = octets.shape[-1] if octets.ndim else 0
    if size not in _FORMATS:
        raise ValueError(
            f"{size} octets per interval; the last axis has 8 or 16 (bare, float32 or float64), "
            "9 or 17 (decorated)"
        )
    dtype = np.dtype(_FORMATS[size]).newbyteorder(_order(byteorder))
    width = size - size % 2
    bounds = np.ascontiguousarray(octets[..., :width]).view(dtype)
    lo, hi = (bounds[..., i].astype(_FORMATS[size]) for i in (0, 1))
    if size % 2 == 0:
        return _checked(lo, hi)
    decoration = octets[..., -1]
    known = [int(d) for d in Decoration]
    if not np.isin(decoration, known).all():
        raise ValueError(f"an octet that is no decoration; they are {known}")
    nai = decoration == Decoration.ILL
    if not (np.isnan(lo[nai]).all() and np.isnan(hi[nai]).all()):
        raise ValueError("NaI, with the decoration ill, has the bounds NaN")
    lo, hi = np.where(nai, np.inf, lo), np.where(nai, -np.inf, hi)
    empty, infinite = lo > hi, np.isinf(lo) | np.isinf(hi)
    strongest = np.where(empty, Decoration.TRV, np.where(infinite, Decoration.DAC, Decoration.COM))
    if np.any(decoration > strongest):
        raise ValueError("the empty set can only be trv, and only a bounded interval com")
    return decorate(_checked(lo, hi), decoration)


def _order(byteorder: str) -> Literal["<", ">"]:
    try:
        return _ORDERS[byteorder]
    except KeyError:
        raise ValueError(f"{byteorder!r} is no byte order; pass 'little' or 'big'") from None


def _checked(lo: np.ndarray, hi: np.ndarray) -> Interval:
    """The intervals, if they are some: (inf, -inf) is the empty set."""
    empty = (lo == np.inf) & (hi == -np.inf)
    zero = lo.dtype.type(0)
    x = interval(np.where(empty, zero, lo + zero), np.where(empty, zero, hi))
    inf = jnp.asarray(np.inf, x.dtype)
    return Interval(jnp.where(empty, inf, x.lo), jnp.where(empty, -inf, x.hi))
