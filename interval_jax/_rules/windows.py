"""Rules of functions of windows: convolutions, and the derivatives of windowed extremes.

A window is cut out by indices that are known when the function is traced, on either bound alike;
what is left is a contraction, or a comparison, of plain shape. So a convolution is rigorous
whatever algorithm a backend has for convolutions (some are no sums of products).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from interval_jax import _sums
from interval_jax._interval import Interval, as_interval, mul
from interval_jax._rules.combinators import on_integers
from interval_jax._rules.order import normalised
from interval_jax._rules.registry import Rule, Value, _define, is_real, primitive


def _window_indices(size: int, window: int, stride: int, dilation: int) -> np.ndarray:
    """The place of each member of each window along an axis: (windows, members)."""
    starts = np.arange(0, size - (window - 1) * dilation, stride)
    return starts[:, None] + dilation * np.arange(window)


def _taken(x: Array, indices: np.ndarray, axis: int) -> Array:
    return jnp.take(x, indices, axis, mode="clip")


# --- convolution ------------------------------------------------------------------------


def _convolution_operand(x: Value, dtype: np.dtype) -> list[Array]:
    """Both bounds, or the one array that is exact."""
    if not isinstance(x, Interval) and x.dtype == dtype:
        return [x]
    x = as_interval(x, dtype)
    return [x.lo, x.hi]


def _conv(
    x: Value,
    y: Value,
    *,
    window_strides: Sequence[int],
    padding: Sequence[tuple[int, int]],
    lhs_dilation: Sequence[int],
    rhs_dilation: Sequence[int],
    dimension_numbers: Any,
    feature_group_count: int,
    batch_group_count: int,
    preferred_element_type: Any,
    **params: Any,
) -> Value:
    """Gather the patches; contract them with the kernel, group by group."""
    if not (is_real(x) and is_real(y)):
        return primitive("conv_general_dilated").bind(
            x,
            y,
            window_strides=window_strides,
            padding=padding,
            lhs_dilation=lhs_dilation,
            rhs_dilation=rhs_dilation,
            dimension_numbers=dimension_numbers,
            feature_group_count=feature_group_count,
            batch_group_count=batch_group_count,
            preferred_element_type=preferred_element_type,
            **params,
        )
    dtype = np.dtype(jnp.promote_types(x.dtype, y.dtype))
    axes = len(window_strides)
    groups = feature_group_count * batch_group_count

    def patches(b: Array) -> Array:
        """Groups, examples, places in space, then channels and members of a window."""
        b = lax.transpose(b, dimension_numbers.lhs_spec)
        b = lax.pad(
            b,
            jnp.zeros((), b.dtype),
            [(0, 0, 0), (0, 0, 0), *((*p, d - 1) for p, d in zip(padding, lhs_dilation))],
        )
        for i in range(axes):
            axis = 2 + 2 * i
            indices = _window_indices(b.shape[axis], window[i], window_strides[i], rhs_dilation[i])
            b = _taken(b, indices, axis)
        examples, channels = b.shape[:2]
        b = b.reshape(
            batch_group_count, examples // batch_group_count,
            feature_group_count, channels // feature_group_count, *b.shape[2:],
        )  # fmt: skip
        spaces = [4 + 2 * i for i in range(axes)]
        b = b.transpose(0, 2, 1, *spaces, 3, *(s + 1 for s in spaces))
        return b.reshape(groups, *b.shape[2 : 3 + axes], -1)

    def kernel(b: Array) -> Array:
        """Groups, features, then channels and members of a window."""
        b = lax.transpose(b, dimension_numbers.rhs_spec)
        return b.reshape(groups, b.shape[0] // groups, -1)

    window = [y.shape[a] for a in dimension_numbers.rhs_spec[2:]]
    left = [patches(b) for b in _convolution_operand(x, dtype)]
    right = [kernel(b) for b in _convolution_operand(y, dtype)]
    bounds = _sums.contract(
        (left[0], left[1]) if len(left) == 2 else left[0],
        (right[0], right[1]) if len(right) == 2 else right[0],
        (((2 + axes,), (2,)), ((0,), (0,))),
    )

    def place(b: Array) -> Array:
        """From groups, examples, places, features to the axes that are asked for."""
        b = jnp.moveaxis(b, -1, 1)
        examples = b.shape[2]
        b = b.reshape(-1, *b.shape[2:])
        b = jnp.moveaxis(b, 1, 0).reshape(examples, -1, *b.shape[2:])
        return lax.transpose(b, np.argsort(dimension_numbers.out_spec))

    result = Interval(*map(place, bounds))
    return result if preferred_element_type is None else result.astype(preferred_element_type)


_define("conv_general_dilated", Rule(_conv))


# --- windowed extremes ------------------------------------------------------------------


class _Windows:
    """The windows of an array: the members of each along one last axis."""

    def __init__(
        self,
        shape: Sequence[int],
        window_dimensions: Sequence[int],
        window_strides: Sequence[int],
        padding: Sequence[tuple[int, int]],
        base_dilation: Sequence[int] | None = None,
        window_dilation: Sequence[int] | None = None,
    ) -> None:
        ones = (1,) * len(shape)
        self.padding = [(*p, d - 1) for p, d in zip(padding, base_dilation or ones, strict=True)]
        padded = [
            lo + hi + n + (n - 1) * d if n else lo + hi
            for n, (lo, hi, d) in zip(shape, self.padding, strict=True)
        ]
        self.indices = [
            _window_indices(*sizes)
            for sizes in zip(
                padded, window_dimensions, window_strides, window_dilation or ones, strict=True
            )
        ]
        self.padded = padded

    def __call__(self, x: Array, fill: float) -> Array:
        """Members of windows, ``fill`` where they are in the padding."""
        x = lax.pad(x, jnp.asarray(fill, x.dtype), self.padding)
        for axis, indices in enumerate(self.indices):
            x = _taken(x, indices, 2 * axis)
        rank = len(self.indices)
        x = x.transpose(*range(0, 2 * rank, 2), *range(1, 2 * rank, 2))
        return x.reshape(*x.shape[:rank], -1)

    def places(self) -> Array:
        """The place of each member in the flattened padded array, in the shape of a call."""
        grid = np.arange(math.prod(self.padded)).reshape(self.padded)
        rank = len(self.indices)
        grid = grid[np.ix_(*(i.ravel() for i in self.indices))]
        grid = grid.reshape([n for i in self.indices for n in i.shape])
        grid = grid.transpose(*range(0, 2 * rank, 2), *range(1, 2 * rank, 2))
        return jnp.asarray(grid.reshape(*grid.shape[:rank], -1))

    def unpadded(self, x: Array) -> Array:
        """The array itself, of the padded one."""
        return lax.slice(
            x,
            [lo for lo, _, _ in self.padding],
            [n - hi for n, (_, hi, _) in zip(self.padded, self.padding, strict=True)],
            [d + 1 for _, _, d in self.padding],
        )


def _chosen(x: Interval, windows: _Windows, largest: bool) -> Interval:
    """The share of each member in its window's extreme: 1 if it is that surely, 0 if never."""
    low, high = (x.lo, x.hi) if largest else (-x.hi, -x.lo)
    low, high = windows(low, -np.inf), windows(high, -np.inf)
    inside = windows(lax.full_like(x.lo, 1), 0) > 0
    may = inside & (high >= jnp.max(low, -1, keepdims=True))
    alone = jnp.sum(may, -1, keepdims=True) == 1
    return Interval((may & alone).astype(x.dtype), may.astype(x.dtype))


def _scattered(share: Interval, windows: _Windows, members: int) -> Interval:
    """Sums, over the windows that hold a number, of its shares."""
    places = windows.places()

    def total(a: Array) -> Array:
        flat = jnp.zeros(math.prod(windows.padded), a.dtype)
        return windows.unpadded(flat.at[places].add(a).reshape(windows.padded))

    return Interval(*_sums.bounds_of_sums([(share.lo, share.hi)], members, total))


def _scatter_extreme(
    c: Interval, x: Interval, largest: bool, window_dimensions: Sequence[int], **params: Any
) -> Interval:
    windows = _Windows(x.shape, window_dimensions, **params)
    chosen = _chosen(x, windows, largest)
    share = mul(Interval(c.lo[..., None], c.hi[..., None]), chosen)
    return _scattered(share, windows, math.prod(window_dimensions))


def _largest(select_prim: Any) -> bool:
    return str(select_prim.name) in ("ge", "gt")


def _select_and_scatter_add(c: Value, x: Value, *, select_prim: Any, **params: Any) -> Interval:
    return _scatter_extreme(as_interval(c), as_interval(x), _largest(select_prim), **params)


def _select_and_gather_add(t: Value, x: Value, *, select_prim: Any, **params: Any) -> Interval:
    """The tangents of the members that are extreme: a sum of tangents by their shares."""
    t, x = as_interval(t), as_interval(x)
    windows = _Windows(x.shape, **params)
    chosen = _chosen(x, windows, _largest(select_prim))
    low, high = windows(t.lo, np.inf), windows(t.hi, -np.inf)
    may = chosen.hi > 0
    low = jnp.min(jnp.where(may, low, np.inf), -1)
    return Interval(low, jnp.max(jnp.where(may, high, -np.inf), -1))


_define("select_and_scatter_add", Rule(_select_and_scatter_add))
_define("select_and_gather_add", Rule(_select_and_gather_add))


def _def_windowed_extreme(name: str, largest: bool) -> None:
    """Define a windowed extreme, exact on either bound."""
    prim = primitive(name)

    def enclosure(x: Value, **params: Any) -> Value:
        if not is_real(x):
            return on_integers(prim, x, **params)
        x = as_interval(x)
        return normalised(prim.bind(x.lo, **params), prim.bind(x.hi, **params))

    def vjp(
        cotangents: Sequence[Interval],
        wanted: Sequence[bool],
        inputs: Sequence[Value],
        outputs: Sequence[Value],
        **params: Any,
    ) -> list[Interval | None]:
        return [_scatter_extreme(cotangents[0], as_interval(inputs[0]), largest, **params)]

    _define(name, Rule(enclosure, vjp))


_def_windowed_extreme("reduce_window_max", largest=True)
_def_windowed_extreme("reduce_window_min", largest=False)
