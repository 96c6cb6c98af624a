"""Floor 2: decorated intervals, and how functions of intervals come to accept them.

A decoration says what is proven about the function that an expression is, on the box of its
arguments (IEEE 1788-2015 chapter 11): ``com`` defined, continuous and bounded, ``dac`` defined
and continuous, ``def`` defined, ``trv`` nothing, ``ill`` not an interval (NaI).
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NamedTuple, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from interval_jax import _interval as bare
from interval_jax._array import ArrayOfIntervals, is_concrete
from interval_jax._constructors import interval, requested_dtype
from interval_jax._interval import Interval, _float_type, _like, _operands, _where
from interval_jax._numbers import is_text, literal_bounds
from interval_jax._text import intervals_text

__all__ = [
    "DecoratedInterval",
    "Decoration",
    "decorable",
    "decorate",
    "decoration_part",
    "interval_part",
    "is_nai",
]


class Decoration(IntEnum):
    """The decorations, from weak to strong, by the octets of IEEE 1788-2015 section 14.4.

    Example:
        >>> import interval_jax as ij
        >>> ij.Decoration.DAC > ij.Decoration.DEF
        True
    """

    ILL = 0
    """Not an interval: the result of an invalid construction."""
    TRV = 4
    """Nothing is proven."""
    DEF = 8
    """The function is defined on the box, which is nonempty."""
    DAC = 12
    """And its restriction to the box is continuous."""
    COM = 16
    """And it is continuous at every point of the box; the box and the result are bounded."""

    def __str__(self) -> str:
        return self.name.lower()

    @classmethod
    def of(cls, name: str) -> Decoration:
        """Return the decoration that the standard calls ``name``, in any case."""
        try:
            return cls[name.upper()]
        except KeyError:
            raise ValueError(
                f"{name!r} is no decoration; they are com, dac, def, trv and ill"
            ) from None


@jax.tree_util.register_dataclass
@dataclass(frozen=True, eq=False, repr=False)
class DecoratedInterval(ArrayOfIntervals):
    """An array of intervals with their decorations: a pytree with the leaves lo, hi, decoration.

    Build one with :func:`decorate`; this constructor takes its parts as they are. Every function
    of the standard accepts decorated intervals next to bare ones and numbers, which are decorated
    first, and returns decorated intervals.

    Args:
        interval: The intervals; the empty set where the decoration is ``ill``.
        decoration: Values of :class:`Decoration`, uint8, of the same shape.

    Example:
        >>> import interval_jax as ij
        >>> x = ij.decorate(ij.interval(-1.0, 4.0))
        >>> x * x
        DecoratedInterval([-4, 16]_com, float32)
        >>> ij.sqrt(x)
        DecoratedInterval([0, 2]_trv, float32)
    """

    interval: Interval
    decoration: Array

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array of intervals."""
        return self.interval.shape

    @property
    def dtype(self) -> np.dtype:
        """Type of the bounds."""
        return self.interval.dtype

    def astype(self, dtype: Any) -> DecoratedInterval:
        """Return the smallest enclosures with bounds of another type; ``com`` only if bounded."""
        value = self.interval.astype(dtype)
        return DecoratedInterval(value, lax.min(self.decoration, _new(value)))

    def __repr__(self) -> str:
        parts = (self.interval.lo, self.interval.hi, self.decoration)
        if not all(isinstance(p, Array | np.ndarray) and is_concrete(p) for p in parts):
            return f"DecoratedInterval({self.interval!r}, decoration={self.decoration})"
        lo, hi, decoration = map(np.asarray, parts)
        text = intervals_text(lo, hi, lambda i: str(Decoration(int(decoration[i]))))
        return f"DecoratedInterval({text}, {self.dtype})"

    def __neg__(self) -> DecoratedInterval:
        return DecoratedInterval(-self.interval, self.decoration)

    def __abs__(self) -> DecoratedInterval:
        return DecoratedInterval(abs(self.interval), self.decoration)


# --- construction and parts ---------------------------------------------------------------


def _full(x: Interval, decoration: Decoration) -> Array:
    return jnp.full(x.shape, decoration, jnp.uint8)


def _new(x: Interval) -> Array:
    """The decoration of newDec: the strongest that the interval allows."""
    infinite = (x.lo == -jnp.inf) | (x.hi == jnp.inf)
    unbounded = lax.select(infinite, _full(x, Decoration.DAC), _full(x, Decoration.COM))
    return lax.select(lax.gt(x.lo, x.hi), _full(x, Decoration.TRV), unbounded)


def _decorated(x: Interval, decoration: Array) -> DecoratedInterval:
    """Where the decoration is ``ill`` the interval becomes empty."""
    ill = lax.eq(decoration, _full(x, Decoration.ILL))
    nothing = _like(x, np.inf, -np.inf)
    return DecoratedInterval(_where(ill, nothing, x), decoration)


def decorate(x: Any, decoration: Any = None, dtype: Any = None) -> DecoratedInterval:
    """Return intervals with a decoration: newDec and setDec (IEEE 1788-2015 section 11.5).

    Args:
        x: Intervals, or anything that :func:`interval` accepts; text may be decorated
            (``"[1, 2]_def"``, ``"[nai]"``). Decorated intervals are passed on if no decoration
            is given.
        decoration: A :class:`Decoration`, its name (``"com"``, ``"dac"``, ``"def"``, ``"trv"``,
            ``"ill"``), or an array of values of :class:`Decoration`, broadcast against x. By
            default the strongest possible.
        dtype: float32 or float64, by default that of x.

    Returns:
        ``com`` becomes ``dac`` where x is unbounded; the empty set gets ``trv``; ``ill`` makes
        NaI.

    Raises:
        TypeError: If x already is decorated and a decoration is given.
        ValueError: For the name of no decoration, or text that is no literal.

    Example:
        >>> import interval_jax as ij
        >>> ij.decorate(ij.interval(1.0, 2.0))
        DecoratedInterval([1, 2]_com, float32)
        >>> ij.decorate(ij.entire(), "com")
        DecoratedInterval([-inf, inf]_dac, float32)
        >>> ij.decorate("[1/3, 1/2]_def")
        DecoratedInterval([0.333333313, 0.5]_def, float32)
    """
    if isinstance(x, DecoratedInterval):
        if decoration is not None:
            raise TypeError("decorate(X, ...): X is decorated; take interval_part(X) first")
        return x if dtype is None else x.astype(dtype)
    if is_text(x):
        dtype = _float_type() if dtype is None else requested_dtype(dtype)
        low, high, written = literal_bounds(x, dtype)
        x = Interval(jnp.asarray(low), jnp.asarray(high))
        if np.any(written != ""):
            if decoration is not None:
                raise TypeError("decorate(text, ...): the text is decorated")
            given = [Decoration.of(name) if name else Decoration.COM for name in written.flat]
            decoration = np.array(given, np.uint8).reshape(written.shape)
    else:
        x = interval(x, dtype=dtype)
    if decoration is None:
        return DecoratedInterval(x, _new(x))
    if isinstance(decoration, str):
        decoration = Decoration.of(decoration)
    if is_concrete(decoration) and not np.isin(np.asarray(decoration), list(Decoration)).all():
        raise ValueError(f"{decoration!r} has values that are no ij.Decoration: 0, 4, 8, 12 or 16")
    wanted = jnp.asarray(decoration, jnp.uint8)
    shape = jnp.broadcast_shapes(x.shape, wanted.shape)
    x = Interval(jnp.broadcast_to(x.lo, shape), jnp.broadcast_to(x.hi, shape))
    wanted = jnp.broadcast_to(wanted, shape)
    return _decorated(x, lax.min(wanted, _new(x)))


def interval_part(x: Any) -> Interval:
    """Return the intervals without their decorations; the empty set for NaI.

    Example:
        >>> import interval_jax as ij
        >>> ij.interval_part(ij.decorate(ij.interval(1.0, 2.0)))
        Interval([1, 2], float32)
    """
    return decorate(x).interval


def decoration_part(x: Any) -> Array:
    """Return the decorations, an array of values of :class:`Decoration`.

    Example:
        >>> import interval_jax as ij
        >>> ij.Decoration(int(ij.decoration_part(ij.decorate(ij.entire()))))
        <Decoration.DAC: 12>
    """
    return decorate(x).decoration


def is_nai(x: Any) -> Array:
    """Tell where x is NaI, not an interval: the decoration ``ill``.

    Example:
        >>> import interval_jax as ij
        >>> bool(ij.is_nai(ij.decorate(ij.interval(1.0), "ill")))
        True
    """
    x = decorate(x)
    return lax.eq(x.decoration, _full(x.interval, Decoration.ILL))


# --- functions of decorated intervals -----------------------------------------------------

Statement = bool | Callable[..., Array | bool]
"""What holds for every box, or a function of the box (its intervals) that tells where it does."""

_Function = TypeVar("_Function", bound=Callable[..., Any])


class _Statements(NamedTuple):
    """What :func:`decorable` knows about a function."""

    defined: Statement
    continuous: Statement
    common: Statement
    combine: Callable[..., Array] | None


def decorable(
    defined: Statement = True,
    continuous: Statement = True,
    common: Statement | None = None,
    combine: Callable[..., Array] | None = None,
) -> Callable[[_Function], _Function]:
    """Make a function of bare intervals accept decorated ones too.

    The parameters of the function that are annotated ``Any`` are intervals; any others, such as
    an integer exponent, are passed on. Without a decorated argument the function is called as it
    is. With one, bare arguments are decorated first, and results are

    - intervals (or a tuple of them): decorated with the weakest of the arguments' decorations and
      of what the statements below prove; NaI where an argument is NaI;
    - Boolean arrays: False where an argument is NaI; numbers: NaN there.

    Args:
        defined: Whether the function is defined at every point of the box: a bool, or a function
            of the positional arguments (as intervals of one shape and type; others as they are)
            to a Boolean array. False for what is no function of points, such as an intersection.
        continuous: Whether the restriction of the function to the box is continuous, where it is
            defined.
        common: Whether the function is continuous at every point of the box, as a function on
            its whole domain; only for functions with jumps, by default the same as continuous.
            ``sign`` is constant on [0, 0], yet jumps there: continuous, but not common.
        combine: For functions whose results depend on several elements of an array: from the
            decorations of the elements, and the function's arguments that are no intervals, by
            name, to those of the results.

    Example:
        >>> import interval_jax as ij
        >>> ij.recip(ij.decorate(ij.interval(0.0, 1.0)))
        DecoratedInterval([1, inf]_trv, float32)
    """
    common = continuous if common is None else common
    statements = _Statements(defined, continuous, common, combine)

    def with_decorations(function: _Function) -> _Function:
        signature = inspect.signature(function)

        @functools.wraps(function)
        def decorated(*args: Any, **kwargs: Any) -> Any:
            if DecoratedInterval not in map(type, (*args, *kwargs.values())):
                return function(*args, **kwargs)
            given = signature.bind(*args, **kwargs)
            given.apply_defaults()
            return _apply(function, given, statements)

        return decorated  # type: ignore[return-value]

    return with_decorations


def _apply(
    function: Callable[..., Any], given: inspect.BoundArguments, statements: _Statements
) -> Any:
    """Call the function with the interval parts, then decorate what it returns."""
    parameters = given.signature.parameters
    is_box = {name: parameters[name].annotation in ("Any", Any) for name in given.arguments}
    boxes = {
        name: argument
        for name, argument in given.arguments.items()
        if is_box[name] and argument is not None
    }
    parts = {name: _part(argument) for name, argument in boxes.items()}
    given.arguments.update(parts)
    value = function(*given.args, **given.kwargs)
    if not all(isinstance(v, Interval) for v in jax.tree.leaves(value, is_leaf=_is_interval)):
        nai = functools.reduce(
            jnp.logical_or, (is_nai(b) for b in boxes.values() if isinstance(b, DecoratedInterval))
        )
        return jax.tree.map(lambda result: _masked(result, nai), value)

    intervals = dict(zip(parts, _operands(*parts.values()), strict=True))
    given.arguments.update(intervals)
    weakest = functools.reduce(
        lax.min,
        (
            jnp.broadcast_to(boxes[name].decoration, x.shape)
            if isinstance(boxes[name], DecoratedInterval)
            else _new(x)
            for name, x in intervals.items()
        ),
    )
    proven = jnp.full(weakest.shape, Decoration.TRV, jnp.uint8)
    holds: Array | bool = True
    for statement, decoration in (
        (statements.defined, Decoration.DEF),
        (statements.continuous, Decoration.DAC),
        (statements.common, Decoration.COM),
    ):
        here = statement(*given.args) if callable(statement) else statement
        holds = jnp.logical_and(holds, here)
        proven = jnp.where(holds, jnp.uint8(decoration), proven)
    weakest = lax.min(weakest, proven)
    if statements.combine is not None:
        options = {name: a for name, a in given.arguments.items() if not is_box[name]}
        weakest = statements.combine(weakest, **options)
    return jax.tree.map(
        lambda result: _decorated(result, lax.min(weakest, _new(result))),
        value,
        is_leaf=_is_interval,
    )


def _is_interval(x: Any) -> bool:
    return isinstance(x, Interval)


def _part(x: Any) -> Any:
    return x.interval if isinstance(x, DecoratedInterval) else x


def _masked(result: Array, nai: Array) -> Array:
    """What a predicate or a numeric function gives for NaI."""
    if result.dtype == bool:
        return jnp.logical_and(result, jnp.logical_not(nai))
    if jnp.issubdtype(result.dtype, jnp.floating):
        return jnp.where(nai, jnp.asarray(jnp.nan, result.dtype), result)
    return result


# --- arithmetic ---------------------------------------------------------------------------


def _no_zero(x: Interval) -> Array:
    zero = lax.full_like(x.lo, 0)
    return lax.gt(x.lo, zero) | lax.lt(x.hi, zero)


pos = decorable()(bare.pos)
neg = decorable()(bare.neg)
add = decorable()(bare.add)
sub = decorable()(bare.sub)
mul = decorable()(bare.mul)
div = decorable(defined=lambda x, y: _no_zero(y))(bare.div)
recip = decorable(defined=_no_zero)(bare.recip)
sqr = decorable()(bare.sqr)
