"""Intervals written as text and read back (IEEE 1788-2015 sections 13.3 and 13.4).

Text is read by :func:`interval_jax.interval` and :func:`interval_jax.decorate`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from interval_jax._constructors import interval
from interval_jax._decorated import DecoratedInterval, Decoration, decorate
from interval_jax._interval import Interval, as_interval
from interval_jax._literals import read_interval
from interval_jax._text import decorated_text, interval_text

__all__ = ["exact_to_interval", "interval_to_exact", "interval_to_text"]


def interval_to_text(x: Any, form: str = "") -> str | np.ndarray:
    """Write intervals as literals that enclose them (IEEE 1788-2015 section 13.3).

    Args:
        x: Intervals, bare or decorated, of any shape, not traced.
        form: How to write bounds, as in Python's ``format``: ``".5g"`` with so many significant
            digits (the default: 17, in float32 9), ``".5e"`` and ``".5f"`` with so many digits
            after the point, ``"a"`` in hexadecimal, exact; ``".2u"`` in the uncertain form
            ``m?r`` with so many digits of the radius.

    Returns:
        Text, or an array of texts of the same shape. Decimal bounds are rounded outward, so that
        reading them gives an enclosure.

    Raises:
        ValueError: For another form.

    Example:
        >>> import interval_jax as ij
        >>> x = ij.interval("[1/3, 0.4]")
        >>> ij.interval_to_text(x, ".4g"), ij.interval_to_text(x, ".2u")
        ('[0.3333, 0.4001]', '0.367?34')
        >>> ij.interval_to_text(ij.decorate(x), "a")
        '[0x1.555554p-2, 0x1.99999ap-2]_com'
    """
    decorated = isinstance(x, DecoratedInterval)
    parts = x if decorated else decorate(as_interval(x))
    lo, hi = np.asarray(parts.interval.lo), np.asarray(parts.interval.hi)
    decorations = np.asarray(parts.decoration)
    texts = np.empty(lo.shape, object)
    for i, low in np.ndenumerate(lo):
        text = interval_text(low, hi[i], form)
        texts[i] = decorated_text(text, str(Decoration(int(decorations[i])))) if decorated else text
    return texts.astype(str) if texts.ndim else str(texts[()])


def interval_to_exact(x: Any) -> str | np.ndarray:
    """Write intervals as literals from which they come back bit for bit, in hexadecimal.

    Args:
        x: Intervals, bare or decorated, of any shape, not traced.

    Returns:
        Text, or an array of texts of the same shape; :func:`exact_to_interval` reads it.

    Example:
        >>> import interval_jax as ij
        >>> ij.interval_to_exact(ij.interval(-0.75, 2.0))
        '[-0x1.8p-1, 0x1p+1]'
    """
    return interval_to_text(x, "a")


def exact_to_interval(text: Any, dtype: Any = None) -> Interval | DecoratedInterval:
    """Read literals whose bounds are numbers of the format (IEEE 1788-2015 section 13.4).

    Args:
        text: A literal, or a nested list or array of literals: all decorated, or none.
        dtype: float32 or float64, by default JAX's default float.

    Returns:
        Exactly the intervals written, decorated if the text is.

    Raises:
        ValueError: If a bound is not a number of the format; :func:`interval` encloses it.

    Example:
        >>> import interval_jax as ij
        >>> ij.exact_to_interval("[-0x1.8p-1, 0x1p+1]_def")
        DecoratedInterval([-0.75, 2]_def, float32)
    """
    literals = [read_interval(t) for t in np.asarray(text, dtype=object).flat]
    decorated = [bool(literal.decoration) for literal in literals]
    if any(decorated) and not all(decorated):
        raise ValueError("some of the literals are decorated, others are not")
    x = decorate(text, dtype=dtype) if any(decorated) else interval(text, dtype=dtype)
    part = x.interval if isinstance(x, DecoratedInterval) else x
    lows, highs = np.asarray(part.lo), np.asarray(part.hi)
    for literal, lo, hi in zip(literals, lows.flat, highs.flat, strict=True):
        if literal.lo != float(lo) or literal.hi != float(hi):
            raise ValueError(
                f"{literal.lo} or {literal.hi} is no {x.dtype} number: interval_jax.interval or "
                "decorate encloses them"
            )
    return x
