"""Floor 5: forward, reverse and higher derivatives over boxes.

Each is JAX's own transformation of the sharpened function, enclosed: it contains the exact
derivative at every point of the box where the function is differentiable. Inside a function
that is itself differentiated or enclosed they are JAX's transformations, so that they nest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import jax
from jax.extend import source_info_util

from interval_jax._enclose import _is_interval, enclose, keywords_bound
from interval_jax._sharpen import is_tracing, sharpened

__all__ = ["hessian", "hvp", "jacfwd", "jacrev", "jvp", "symbolic"]

source_info_util.register_exclusion(__file__)


def symbolic(*args: Any) -> bool:
    """Tell whether a transformation is called while a function of arrays is traced."""
    leaves = jax.tree.leaves(args, is_leaf=_is_interval)
    return is_tracing() and not any(_is_interval(leaf) for leaf in leaves)


def _through_jax(transform: Callable[..., Any], f: Callable[..., Any], **options: Any) -> Any:
    @wraps(f)
    def derivative(*args: Any, **kwargs: Any) -> Any:
        bound, given = keywords_bound(f, kwargs)
        transformed = transform(sharpened(bound), **options)
        symbols = symbolic(args, given)
        return (transformed if symbols else enclose(transformed))(*args, **given)

    return derivative


def jvp(f: Callable[..., Any], primals: Any, tangents: Any, has_aux: bool = False) -> Any:
    """Enclose f and its directional derivative.

    Args:
        f: A function of pytrees of arrays.
        primals: A tuple or list of its arguments, any float array of which may be an Interval.
        tangents: The direction, of the same structure; intervals too if wanted.
        has_aux: Whether f returns ``(result, auxiliary)``.

    Returns:
        ``(value, derivative)``, with the auxiliary result third if asked for, as ``jax.jvp``.

    Example:
        >>> import interval_jax as ij
        >>> ij.jvp(lambda x: x**2, (ij.interval(1.0, 2.0),), (1.0,))
        (Interval([1, 4], float32), Interval([2, 4], float32))
    """

    def pushed(primals: Any, tangents: Any) -> Any:
        return jax.jvp(sharpened(f), tuple(primals), tuple(tangents), has_aux=has_aux)

    if symbolic(primals, tangents):
        return pushed(primals, tangents)
    return enclose(pushed)(tuple(primals), tuple(tangents))


def jacfwd(
    f: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """Return a function that encloses the Jacobian of f over a box, column by column.

    Arguments and result are those of ``jax.jacfwd``, with intervals for arrays; keyword arguments
    that are no real numbers (flags, counts, text) reach f as they are.

    Example:
        >>> import interval_jax as ij
        >>> ij.jacfwd(lambda x: x * x)(ij.interval(1.0, 2.0))
        Interval([2, 4], float32)
    """
    return _through_jax(jax.jacfwd, f, argnums=argnums, has_aux=has_aux)


def jacrev(
    f: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """Return a function that encloses the Jacobian of f over a box, row by row.

    Arguments and result are those of ``jax.jacrev``, with intervals for arrays.

    Example:
        >>> import interval_jax as ij
        >>> ij.jacrev(lambda x: x * x)(ij.interval(1.0, 2.0))
        Interval([2, 4], float32)
    """
    return _through_jax(jax.jacrev, f, argnums=argnums, has_aux=has_aux)


def hessian(
    f: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """Return a function that encloses the matrix of second derivatives of f over a box.

    Arguments and result are those of ``jax.hessian``, with intervals for arrays.

    Example:
        >>> import interval_jax as ij
        >>> ij.hessian(lambda x: x**3)(ij.interval(1.0, 2.0))
        Interval([6, 12], float32)
    """
    return _through_jax(jax.hessian, f, argnums=argnums, has_aux=has_aux)


def hvp(f: Callable[..., Any], primals: Any, tangents: Any) -> Any:
    """Enclose the product of the matrix of second derivatives of f with a direction.

    Args:
        f: A function with one real scalar result.
        primals: A tuple or list of its arguments, any float array of which may be an Interval.
        tangents: The direction, of the same structure.

    Returns:
        Intervals in the structure of f's first argument, or of the tuple of all if there are
        several: the derivative of its gradient in that direction.

    Example:
        >>> import interval_jax as ij
        >>> ij.hvp(lambda x: x**3, (ij.interval(1.0, 2.0),), (2.0,))
        Interval([12, 24], float32)
    """
    argnums: Any = 0 if len(primals) == 1 else tuple(range(len(primals)))

    def pushed(primals: Any, tangents: Any) -> Any:
        gradient = jax.grad(sharpened(f), argnums)
        return jax.jvp(gradient, tuple(primals), tuple(tangents))[1]

    if symbolic(primals, tangents):
        return pushed(primals, tangents)
    return enclose(pushed)(tuple(primals), tuple(tangents))
