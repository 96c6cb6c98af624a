"""Error-free transformations: a rounded result together with its exact error."""

from __future__ import annotations

from jax import Array

from interval_jax._rounding.format import bits_of, format_of, from_bits, rounded


def two_sum(a: Array, b: Array) -> tuple[Array, Array]:
    """Return ``s = fl(a + b)`` and ``e`` with ``s + e = a + b`` exactly (Knuth).

    Exact unless the sum overflows or a nonzero error is subnormal; the latter needs
    ``|a| + |b| < 2**(2p) * tiny``.
    """
    s = rounded(a + b)
    bb = rounded(s - a)
    return s, rounded(a - rounded(s - bb)) + rounded(b - bb)


def fast_two_sum(a: Array, b: Array) -> tuple[Array, Array]:
    """Return ``s = fl(a + b)`` and its exact error, given ``|a| >= |b|`` or ``a == 0`` (Dekker)."""
    s = rounded(a + b)
    return s, b - rounded(s - a)


def _split(x: Array) -> tuple[Array, Array]:
    """Return ``h + l = x`` with factors so short that products of two of them are exact.

    ``h`` is x rounded to p - k bits and ``|l| <= 2**(k-1)`` units of x, so both have at most
    ceil(p/2) significant bits, with k = ceil(p/2): 26 and 26 (27 - sign) for binary64, 12 and
    11 for binary32. Rounding is done on the integer, which also is a barrier.
    """
    fmt = format_of(x)
    low = (fmt.digits + 1) // 2
    bits = bits_of(x)
    high = from_bits((bits + 2 ** (low - 1)) & -(2**low), fmt)
    return high, x - high


def two_prod(a: Array, b: Array) -> tuple[Array, Array]:
    """Return ``p = fl(a * b)`` and ``e`` with ``p + e = a * b`` exactly (Dekker).

    Exact while ``2**(2p) * tiny <= |a * b|`` and ``|a|, |b|, |a * b| < max / 4``. The four
    partial products are exact, so contracting any of them into the sums is harmless; ``p``
    itself is not, and is protected.
    """
    p = rounded(a * b)
    ah, al = _split(a)
    bh, bl = _split(b)
    return p, al * bl - (((p - ah * bh) - al * bh) - ah * bl)
