"""The interchange encoding: the octets of the standard, and the way back bit for bit."""

import struct
from math import inf, nan

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import interval_jax as ij
from reference import points


def encode(lo: float, hi: float, decoration: int | None = None, form: str = "<d") -> bytes:
    last = b"" if decoration is None else bytes([decoration])
    return struct.pack(form, lo) + struct.pack(form, hi) + last


@pytest.mark.parametrize(("order", "mark"), [("little", "<"), ("big", ">")])
@pytest.mark.parametrize(("dtype", "code"), [(np.float32, "f"), (np.float64, "d")])
def test_octets(order: str, mark: str, dtype: type, code: str) -> None:
    X = ij.decorate(["[-1.5, 2]_def", "[0, 0]", "[empty]", "[entire]", "[nai]"], dtype=dtype)
    expected = [
        encode(-1.5, 2, 8, mark + code),
        encode(-0.0, 0.0, 16, mark + code),
        encode(inf, -inf, 4, mark + code),
        encode(-inf, inf, 12, mark + code),
        encode(nan, nan, 0, mark + code),
    ]
    octets = ij.to_interchange(X, order)
    assert octets.dtype == np.uint8
    assert [row.tobytes() for row in octets] == expected
    bare = ij.to_interchange(X.interval[:4], order)
    assert [row.tobytes() for row in bare] == [e[:-1] for e in expected[:4]]


@pytest.mark.parametrize("order", ["little", "big"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_round_trip(order: str, dtype: type) -> None:
    x = np.sort(points.points(dtype, 300, 1)[:300].reshape(2, 3, 50), axis=0)
    X = ij.interval(x[0], x[1])
    back = ij.from_interchange(ij.to_interchange(X, order), order)
    assert isinstance(back, ij.Interval)
    assert back.dtype == dtype
    assert back.shape == (3, 50)
    np.testing.assert_array_equal(back.lo, X.lo)
    np.testing.assert_array_equal(back.hi, X.hi)
    decorations = np.random.default_rng(0).choice([0, 4, 8, 12, 16], X.shape)
    D = ij.decorate(X, decorations)
    again = ij.from_interchange(ij.to_interchange(D, order), order)
    assert isinstance(again, ij.DecoratedInterval)
    np.testing.assert_array_equal(again.interval.lo, D.interval.lo)
    np.testing.assert_array_equal(again.decoration, D.decoration)
    one = ij.from_interchange(ij.to_interchange(D[1, 2], order).tobytes(), order)
    assert one.shape == ()


def test_bounds_that_the_type_does_not_hold_are_enclosed() -> None:
    X = ij.from_interchange(encode(-5e-324, 1e-310))
    tiny = np.finfo(np.float64).tiny
    assert (float(X.lo), float(X.hi)) == (-tiny, tiny)
    jax.config.update("jax_enable_x64", False)
    try:
        X = ij.from_interchange(encode(0.1, 1e300, 16))
        assert X.dtype == np.float32
        assert float(X.interval.lo) < 0.1 < float(X.interval.hi) == inf
        assert X.decoration == ij.Decoration.DAC
    finally:
        jax.config.update("jax_enable_x64", True)


@pytest.mark.parametrize(
    ("octets", "error", "message"),
    [
        (b"", ValueError, "0 octets"),
        (bytes(12), ValueError, "12 octets"),
        (np.zeros(16), TypeError, "uint8"),
        (jnp.zeros(16, jnp.int32), TypeError, "uint8"),
        (np.uint8(3), ValueError, "octets"),
        (encode(2, 1), ValueError, "lo > hi"),
        (encode(nan, nan), ValueError, "NaN"),
        (encode(inf, inf), ValueError, "inf"),
        (encode(1, nan, 4), ValueError, "NaN"),
        (encode(1, 2, 0), ValueError, "NaI"),
        (encode(nan, 2, 0), ValueError, "NaI"),
        (encode(1, 2, 5), ValueError, "no decoration"),
        (encode(1, inf, 16), ValueError, "only a bounded interval com"),
        (encode(inf, -inf, 8), ValueError, "empty set"),
    ],
)
def test_what_is_no_encoding_is_refused(octets: object, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        ij.from_interchange(octets)


def test_byte_orders_are_checked() -> None:
    for call in (ij.to_interchange, ij.from_interchange):
        argument = ij.interval(1.0) if call is ij.to_interchange else encode(1, 1)
        with pytest.raises(ValueError, match="'little' or 'big'"):
            call(argument, "middle")
