"""Composite functions: primitives that stand for programs, and programs that have a kernel.

``jax.nn.silu`` and its like reach a jaxpr as calls, ``jax.nn.gelu`` and ``norm.cdf`` as bare
equations. Evaluated step by step their enclosures suffer from dependency (``x * logistic(x)``
uses x twice), so programs that are exactly what JAX traces for such a function get the
function's own kernel instead. Equations are first folded into a call of the function; a call is
recognised by name and by its whole program.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import product
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal

from interval_jax._rules.combinators import def_inlined
from interval_jax._rules.registry import Rule

__all__ = ["def_composite", "def_folded", "folded", "recognise", "same_equation"]

for _name in ("jit", "closed_call", "core_call"):
    def_inlined(
        _name, lambda params: params["jaxpr"] if "jaxpr" in params else params["call_jaxpr"]
    )
for _name in ("custom_jvp_call", "custom_vjp_call"):
    def_inlined(_name, lambda params: params["call_jaxpr"])
def_inlined("remat", lambda params: ClosedJaxpr(params["jaxpr"], ()))

Options = Mapping[str, Any]


class _Composite(NamedTuple):
    """A function that is traced to one call."""

    function: Callable[..., Any]
    rule: Callable[..., Rule]
    """Of the options."""
    options: Callable[[Sequence[Any], Sequence[Any]], Options | None]
    """Of the equations and the types of the arguments, with which they may have been traced."""


_COMPOSITES: dict[str, _Composite] = {}


def _no_options(equations: Sequence[Any], avals: Sequence[Any]) -> Options:
    return {}


def def_composite(
    name: str,
    function: Callable[..., Any],
    rule: Rule | Callable[..., Rule],
    options: Callable[[Sequence[Any], Sequence[Any]], Options | None] = _no_options,
) -> None:
    """Define the rule of calls that have this name and the program of this function.

    Args:
        name: The name of the call.
        function: The function of arrays and options, that JAX traces to this one call.
        rule: Its rule, or a function of the options that returns it.
        options: Finds options among the equations of a program, such as the axis of a sum. They
            need not be right: the program is compared with that of the function with them.
            None says that the rule is not for such arguments.
    """
    _COMPOSITES[name] = _Composite(
        function, (lambda **_: rule) if isinstance(rule, Rule) else rule, options
    )


def recognise(eqn: Any) -> Rule | None:
    """Return the rule of a known function if the equation is exactly JAX's call of it."""
    composite = _COMPOSITES.get(eqn.params.get("name"))
    if composite is None:
        return None
    avals = [v.aval for v in eqn.invars]
    options = composite.options(_body(eqn).eqns, avals)
    if options is None:
        return None
    canonical = _canonical(composite.function, _types(avals), tuple(options.items()))
    if canonical is None or len(canonical.jaxpr.eqns) != 1:
        return None
    same = same_equation(eqn, canonical.jaxpr.eqns[0])
    return composite.rule(**options) if same else None


def _body(eqn: Any) -> Jaxpr:
    closed = eqn.params["jaxpr"] if "jaxpr" in eqn.params else eqn.params["call_jaxpr"]
    return closed.jaxpr


def _types(avals: Sequence[Any]) -> tuple[Any, ...]:
    return tuple((a.shape, np.dtype(a.dtype), getattr(a, "weak_type", False)) for a in avals)


def _canonical(
    function: Callable[..., Any], types: tuple[Any, ...], options: tuple[tuple[str, Any], ...]
) -> ClosedJaxpr | None:
    """The program of a function of such arguments, None if it takes no such ones."""
    # Without 64-bit types some functions have other programs.
    return _traced(function, types, options, jax.dtypes.canonicalize_dtype(np.float64))


@lru_cache(maxsize=2048)
def _traced(
    function: Callable[..., Any],
    types: tuple[Any, ...],
    options: tuple[tuple[str, Any], ...],
    widest: np.dtype,
) -> ClosedJaxpr | None:
    arguments = [jax.ShapeDtypeStruct(shape, dtype, weak_type=weak) for shape, dtype, weak in types]
    try:
        return jax.make_jaxpr(lambda *args: function(*args, **dict(options)))(*arguments)
    except (TypeError, ValueError):
        return None


# --- equations that are a function's ------------------------------------------------------


class _Folded(NamedTuple):
    """A function whose program JAX inlines, or gives no name."""

    function: Callable[..., Any]
    call: Callable[..., Any]
    """The function, as a call of its own."""
    options: Callable[[Sequence[Any], Sequence[Any]], Options]
    sample: Jaxpr
    """Its program for some arguments, of which the primitives alone are looked at."""


_FOLDED: dict[str, list[_Folded]] = {}
"""By the name of the last primitive."""


def def_folded(
    name: str,
    function: Callable[..., Any],
    rule: Rule | Callable[..., Rule],
    arguments: int = 1,
    options: Callable[[Sequence[Any], Sequence[Any]], Options] = _no_options,
    samples: Sequence[Options] = ({},),
    stand_in: Callable[..., Any] | None = None,
) -> None:
    """Define the rule of equations that are exactly the program of this function.

    The real function that they stand for is the one of that name, to which the equations may be
    an approximation.

    Args:
        name: The name of the call into which they are folded.
        function: The function of arrays and options.
        rule: Its rule, or a function of the options that returns it.
        arguments: How many arrays it takes.
        options: As for :func:`def_composite`.
        samples: Options with which its programs differ in their primitives.
        stand_in: The same function by a program without array constants, for the call.
    """
    body = stand_in or function

    def call(*args: Any, **chosen: Any) -> Any:
        def program(*arrays: Any) -> Any:
            return body(*arrays, **chosen)

        program.__name__ = program.__qualname__ = name
        return jax.jit(program)(*args)

    def_composite(name, call, rule, options)
    # Programs for scalars lack broadcasts.
    for shape, sample in product(((2, 3), ()), samples):
        types = ((shape, np.dtype(np.float32), False),) * arguments
        closed = _canonical(function, types, tuple(sample.items()))
        if closed is not None:
            found = _Folded(function, call, options, closed.jaxpr)
            _FOLDED.setdefault(closed.jaxpr.eqns[-1].primitive.name, []).append(found)


def folded(closed: ClosedJaxpr) -> ClosedJaxpr:
    """Return the same program in which equations that are a known function's are a call of it."""
    jaxpr = closed.jaxpr
    if not any(eqn.primitive.name in _FOLDED for eqn in jaxpr.eqns):
        return closed
    made = {v: eqn for eqn in jaxpr.eqns for v in eqn.outvars}
    constants = dict(zip(jaxpr.constvars, closed.consts, strict=True))
    eqns = [
        next(filter(None, (_call(f, e, made, constants) for f in _candidates(e))), e)
        for e in jaxpr.eqns
    ]
    return ClosedJaxpr(jaxpr.replace(eqns=eqns), closed.consts)


def _candidates(eqn: Any) -> Sequence[_Folded]:
    # A function's program is not folded into itself.
    return _FOLDED.get(eqn.primitive.name, ()) if len(eqn.outvars) == 1 else ()


def _call(
    function: _Folded, eqn: Any, made: Mapping[Any, Any], constants: Mapping[Any, Any]
) -> Any:
    """The call of a function that gives what an equation gives, None if it is another's."""
    last = eqn.outvars[0]
    loose = _match(function.sample, {}, last, made, constants, exact=False)
    if loose is None:
        return None
    if any(v not in loose for v in function.sample.invars):
        return None
    arguments = [loose[v] for v in function.sample.invars]
    avals = [a.aval for a in arguments]
    equations = [made[a] for a in loose.values() if not isinstance(a, Literal) and a in made]
    options = tuple(function.options(equations, avals).items())
    canonical = _canonical(function.function, _types(avals), options)
    if canonical is None:
        return None
    own = dict(zip(canonical.jaxpr.constvars, canonical.consts, strict=True))
    exact = _match(canonical.jaxpr, own, last, made, constants, exact=True)
    if exact is None or any(
        exact.get(v, a) is not a for v, a in zip(canonical.jaxpr.invars, arguments, strict=True)
    ):
        return None
    whole = _canonical(function.call, _types(avals), options)
    assert whole is not None
    return whole.jaxpr.eqns[0].replace(
        invars=arguments, outvars=[last], source_info=eqn.source_info
    )


def _match(
    pattern: Jaxpr,
    own: Mapping[Any, Any],
    last: Any,
    made: Mapping[Any, Any],
    constants: Mapping[Any, Any],
    exact: bool,
) -> dict[Any, Any] | None:
    """What the variables of a program stand for, if it ends in the given variable.

    Primitives agree; if ``exact``, so do parameters, types and constants, of which those of the
    pattern are ``own``.
    """
    producers = {v: eqn for eqn in pattern.eqns for v in eqn.outvars}
    bound: dict[Any, Any] = {}

    def unify(p: Any, a: Any) -> bool:
        if isinstance(p, Literal):
            return isinstance(a, Literal) and (not exact or _same_literal(p, a))
        if p in bound:
            b = bound[p]
            literals = isinstance(a, Literal) and isinstance(b, Literal)
            return b is a or (literals and _same_literal(b, a))
        bound[p] = a
        if exact and (p.aval.shape, p.aval.dtype) != (a.aval.shape, a.aval.dtype):
            return False
        if p in own:
            value = constants.get(a) if not isinstance(a, Literal) else a.val
            return value is not None and np.array_equal(own[p], value)
        e = producers.get(p)
        if e is None:
            return True
        f = None if isinstance(a, Literal) else made.get(a)
        return (
            f is not None
            and e.primitive is f.primitive
            and len(e.invars) == len(f.invars)
            and e.outvars.index(p) == f.outvars.index(a)
            and (not exact or same_equation(e, f))
            and all(map(unify, e.invars, f.invars))
        )

    return bound if unify(pattern.outvars[0], last) else None


def _same_literal(*literals: Literal) -> bool:
    # By their bits: NaN is the same as itself.
    avals: list[Any] = [v.aval for v in literals]
    values = [np.asarray(v.val, a.dtype) for v, a in zip(literals, avals, strict=True)]
    return len({(v.dtype, v.tobytes()) for v in values}) == 1


# --- comparison of programs ---------------------------------------------------------------


def same_equation(a: Any, b: Any) -> bool:
    """Compare equations, of their parameters the programs up to the names of variables."""
    if a.primitive is not b.primitive or a.params.keys() != b.params.keys():
        return False
    # Derivative rules of a custom_jvp_call and the like do not enter the value.
    names = ("call_jaxpr",) if "call_jaxpr" in a.params else a.params
    return all(_same_parameter(a.params[k], b.params[k]) for k in names)


def _same_parameter(a: Any, b: Any) -> bool:
    if isinstance(a, tuple) and isinstance(b, tuple) and len(a) == len(b):
        return type(a) is type(b) and all(map(_same_parameter, a, b))
    if isinstance(a, Jaxpr) and isinstance(b, Jaxpr):
        return _same_program(a, b)
    if isinstance(a, ClosedJaxpr) and isinstance(b, ClosedJaxpr):
        return not a.consts and not b.consts and _same_program(a.jaxpr, b.jaxpr)
    return a == b


def _same_program(a: Jaxpr, b: Jaxpr) -> bool:
    """Compare programs up to the names of their variables."""
    names: dict[Any, Any] = {}

    def bound(x: Any, y: Any) -> bool:
        names[x] = y
        return (x.aval.shape, x.aval.dtype) == (y.aval.shape, y.aval.dtype)

    def used(x: Any, y: Any) -> bool:
        literals = [v.val for v in (x, y) if isinstance(v, Literal)]
        if literals:
            return len(literals) == 2 and _same_literal(x, y)
        return names.get(x) is y

    if len(a.eqns) != len(b.eqns) or len(a.invars) != len(b.invars):
        return False
    if not all(bound(x, y) for x, y in zip(a.invars, b.invars, strict=True)):
        return False
    for e, f in zip(a.eqns, b.eqns, strict=True):
        if len(e.invars) != len(f.invars) or not all(
            used(x, y) for x, y in zip(e.invars, f.invars, strict=True)
        ):
            return False
        if not same_equation(e, f):
            return False
        if not all(bound(x, y) for x, y in zip(e.outvars, f.outvars, strict=True)):
            return False
    return len(a.outvars) == len(b.outvars) and all(
        used(x, y) for x, y in zip(a.outvars, b.outvars, strict=True)
    )
