r"""Values, activations and adjoints of a SiLU network at points, with proven bounds of the errors.

In float64, with the running error analysis of Higham, *Accuracy and Stability of Numerical
Algorithms*, 2nd ed., sections 3.1 and 3.3: a product with a matrix of n rows errs by at most
``gamma_(n+1) |x| |W|`` beside the errors of x, in whatever order it is summed up. Of numpy's exp
an error of at most 4 units is assumed. Bounds are computed in float64 as well, of positive terms,
and enlarged by more than that may lose. What remains open is decided by ball arithmetic.
"""

from collections.abc import Mapping
from typing import Any

import flint
import numpy as np

from sobolev import network

Values = dict[str, tuple[np.ndarray, np.ndarray]]
"""By name an array of values, one row a point, and bounds of the errors of all of them."""

Bounds = Mapping[str, tuple[np.ndarray, np.ndarray]]

_UNIT = float(np.finfo(np.float64).eps) / 2
_TINY = float(np.finfo(np.float64).tiny)
_ENLARGED = 1 + 1e-9
"""Thousands of roundings of positive numbers."""


def _product(
    x: np.ndarray, e: np.ndarray, matrix: np.ndarray, shift: np.ndarray | float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """x W + b and its error; sums of n + 1 terms, all roundings of which are within gamma_(n+2)."""
    n = matrix.shape[0] + 2
    gamma = n * _UNIT / (1 - n * _UNIT)
    size = np.abs(matrix)
    error = (e + gamma * (np.abs(x) + e)) @ size + gamma * np.abs(shift) + n * _TINY
    return x @ matrix + shift, error * _ENLARGED


def _silu(z: np.ndarray, e: np.ndarray) -> tuple[np.ndarray, ...]:
    """silu(z) and its derivative, with errors.

    With exp(-|z|) within 8u, logistic is within 16u of itself, silu within 18u; its derivative
    l (1 + z (1 - l)) is of terms that are at most 1 and |z| l (1 - l), within 32u of them. They
    are steeper than nowhere 1.1 and 0.5.
    """
    decay = np.exp(-np.abs(z))
    upper, lower = 1 / (1 + decay), decay / (1 + decay)
    l, rest = np.where(z < 0, lower, upper), np.where(z < 0, upper, lower)
    value, slope = z * l, l * (1 + z * rest)
    value_error = 1.1 * e + 24 * _UNIT * np.abs(value) + _TINY
    slope_error = 0.5 * e + 40 * _UNIT * l * (1 + np.abs(z) * rest) + _TINY
    return value, value_error * _ENLARGED, slope, slope_error * _ENLARGED


def evaluated(net: network.MLP, points: np.ndarray) -> Values:
    """Values and adjoints at points, one a row, named as `benchmarks.forms` names them."""
    weights = [np.asarray(w) for w in net.weights]
    biases = [np.asarray(b) for b in net.biases]
    scale = np.asarray(net.x_scale)
    found: Values = {"activation inputs": (points, np.zeros_like(points))}
    x = (points - np.asarray(net.x_mean)) / scale
    # A difference and a quotient, each rounded once; the former may cancel, and is exact relative
    # to its result.
    e = 3 * _UNIT * np.abs(x) + _TINY
    slopes = []
    for k, (weight, bias) in enumerate(zip(weights[:-1], biases[:-1], strict=True), 1):
        x, e, slope, slope_error = _silu(*_product(x, e, weight, bias))
        found[f"activation hidden_{k}"] = x, e
        slopes.append((slope, slope_error))
    value, error = _product(x, e, weights[-1], biases[-1])
    mean, factor = float(net.y_mean), float(net.y_scale)
    result = mean + factor * value[:, 0]
    error = abs(factor) * error[:, 0] + 3 * _UNIT * (abs(factor * value[:, 0]) + abs(result))
    found["value"] = result, (error + _TINY) * _ENLARGED
    g = np.broadcast_to(factor * weights[-1][:, 0], x.shape)
    e = 2 * _UNIT * np.abs(g) + _TINY
    for k in range(net.n_hidden, 0, -1):
        found[f"adjoint hidden_{k}"] = g, e
        slope, slope_error = slopes[k - 1]
        error = np.abs(g) * slope_error + e * (np.abs(slope) + slope_error)
        error = error + 2 * _UNIT * np.abs(g * slope) + _TINY
        g, e = _product(g * slope, error * _ENLARGED, weights[k - 1].T)
    found["adjoint inputs"] = g / scale, (e / scale + 3 * _UNIT * np.abs(g / scale)) * _ENLARGED
    return found


def inside(values: Values, bounds: Bounds) -> np.ndarray:
    """Which points are proven to be inside in all of their values.

    The comparisons are of a difference that may round, by less than the bound was enlarged.
    """
    proven = np.ones(len(values["value"][0]), bool)
    for name, (low, high) in bounds.items():
        value, error = values[name]
        # Twice the error: what is lost in these two sums is less.
        enough = np.maximum(2 * error, 4 * _UNIT * np.abs(value))
        within = (value - enough >= low) & (value + enough <= high)
        if not error.any():
            within = (value >= low) & (value <= high)
        proven &= within.reshape(len(proven), -1).all(axis=1)
    return proven


def contains(bounds: Bounds, exact: Mapping[str, list[flint.arb]]) -> bool | None:
    """Whether all values are inside, None if their own bounds do not tell."""
    decided: bool | None = True
    for name, (low, high) in bounds.items():
        for value, a, b in zip(
            exact[name], np.ravel(low).tolist(), np.ravel(high).tolist(), strict=True
        ):
            if value < a or value > b:
                return False
            if not (value >= a and value <= b):
                decided = None
    return decided


def exact(net: network.MLP, point: np.ndarray) -> dict[str, list[flint.arb]]:
    """The values at a point in ball arithmetic of 300 bits."""
    with flint.ctx.workprec(300):
        return _exact(net, point)


def _exact(net: network.MLP, point: np.ndarray) -> dict[str, list[flint.arb]]:
    def balls(array: Any) -> list[flint.arb]:
        return [flint.arb(float(v)) for v in np.ravel(np.asarray(array))]

    def matrix(array: Any) -> flint.arb_mat:
        rows, columns = np.shape(array)
        return flint.arb_mat(rows, columns, balls(array))

    weights = [matrix(w) for w in net.weights]
    scale, mean = balls(net.x_scale), balls(net.x_mean)
    found = {"activation inputs": balls(point)}
    x = flint.arb_mat(
        1, len(scale), [(v - m) / s for v, m, s in zip(balls(point), mean, scale, strict=True)]
    )
    slopes = []
    for k, (weight, bias) in enumerate(zip(weights[:-1], net.biases[:-1], strict=True), 1):
        z = (x * weight + flint.arb_mat(1, weight.ncols(), balls(bias))).entries()
        parts = [1 / (1 + (-v).exp()) for v in z]
        slopes.append([p * (1 + v * (1 - p)) for p, v in zip(parts, z, strict=True)])
        found[f"activation hidden_{k}"] = [p * v for p, v in zip(parts, z, strict=True)]
        x = flint.arb_mat(1, len(z), found[f"activation hidden_{k}"])
    last = (x * weights[-1]).entries()[0] + balls(net.biases[-1])[0]
    (y_mean,), (y_scale,) = balls(net.y_mean), balls(net.y_scale)
    found["value"] = [y_mean + y_scale * last]
    g = [y_scale * w for w in weights[-1].entries()]
    for k in range(net.n_hidden, 0, -1):
        found[f"adjoint hidden_{k}"] = g
        inner = [a * b for a, b in zip(g, slopes[k - 1], strict=True)]
        g = (flint.arb_mat(1, len(inner), inner) * weights[k - 1].transpose()).entries()
    found["adjoint inputs"] = [a / s for a, s in zip(g, scale, strict=True)]
    return found
