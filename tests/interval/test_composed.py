"""Products and Einstein sums contain the exact ones."""

import math
from fractions import Fraction

import jax
import numpy as np
import pytest

import interval_jax as ij


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_products_and_einstein_sums(dtype: type) -> None:
    rng = np.random.default_rng(0)
    lo = rng.normal(size=(50, 3, 4)).astype(dtype)
    hi = lo + np.abs(rng.normal(size=lo.shape)).astype(dtype) * rng.choice([0, 1e-3], lo.shape)
    hi = hi.astype(dtype)
    X = ij.interval(lo, hi)
    weight = rng.normal(size=(4, 3)).astype(dtype)
    products = ij.prod(X, axis=(1, 2))
    traces = jax.jit(lambda x: ij.einsum("bij,ji->b", x, weight))(X)
    for i in range(50):
        member = [Fraction(float(v)) for v in np.where(rng.random((3, 4)) < 0.5, lo[i], hi[i]).flat]
        exact = math.prod(member)
        assert Fraction(float(products.lo[i])) <= exact <= Fraction(float(products.hi[i]))
        factors = [Fraction(float(v)) for v in weight.T.flat]
        trace = sum((a * b for a, b in zip(member, factors, strict=True)), Fraction(0))
        assert Fraction(float(traces.lo[i])) <= trace <= Fraction(float(traces.hi[i]))


def test_edges() -> None:
    nothing = ij.prod(ij.interval(np.ones((0, 2))), axis=0)
    assert str(nothing) == "Interval([[1, 1], [1, 1]], float64)"
    assert bool(ij.is_empty(ij.prod(ij.empty((3,)))))
    with pytest.raises(ValueError, match="needs operands"):
        ij.einsum("ij->i")
    with pytest.raises(ValueError, match=r"einsum|subscript|dimension|operand"):
        ij.einsum("ij->i", ij.interval(np.ones(3)))
