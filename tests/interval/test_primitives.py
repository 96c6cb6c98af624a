"""Every primitive of the installed JAX has a rule, or is refused with a reason and a hint."""

from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.extend.core import Primitive, primitives

import interval_jax as ij
from interval_jax._rules import RULES


def _known_to_jax() -> Iterator[Primitive]:
    for module in (primitives, jax.lax):
        for name in dir(module):
            value = getattr(module, name)
            if isinstance(value, Primitive):
                yield value


def test_no_primitive_is_unclassified() -> None:
    assert not sorted(p.name for p in _known_to_jax() if p not in RULES)


def test_refusals_say_what_to_do() -> None:
    reasons = {p.name: rule.refused for p, rule in RULES.items() if rule.refused is not None}
    assert {"fft", "eigh", "polygamma", "nextafter"} <= reasons.keys()
    advice = ("use", "write", "widen", "decompose", "transform", "pass")
    assert not [n for n, r in reasons.items() if not any(word in r for word in advice)]


def test_a_rule_either_encloses_inlines_or_refuses() -> None:
    for rule in RULES.values():
        given = [rule.enclose is not None, rule.inline is not None, rule.refused is not None]
        assert sum(given) == 1


@pytest.mark.parametrize("prim", [p for p, r in RULES.items() if r.plain], ids=lambda p: p.name)
def test_plain_primitives_refuse_interval_data(prim: Primitive) -> None:
    enclose = RULES[prim].enclose
    assert enclose is not None
    with pytest.raises(ij.UnsupportedPrimitiveError, match=prim.name):
        enclose(ij.interval(jnp.zeros(3)))


X = ij.interval(jnp.zeros((3, 3)), jnp.ones((3, 3)))
REFUSED = {
    "argsort": (jnp.argsort, "permutation"),
    "top_k": (lambda x: jax.lax.top_k(x, 2), "its values"),
    "eigvalsh": (jnp.linalg.eigvalsh, "jnp.linalg.solve"),
    "qr": (jnp.linalg.qr, "pivots"),
    "bitcast": (lambda x: jax.lax.bitcast_convert_type(x, "int32"), "plain arrays"),
    "complex": (lambda x: jax.lax.complex(x, x), "imaginary"),
    "igamma": (lambda x: jax.lax.igamma(x, x), "register"),
    "window": (
        lambda x: jax.lax.reduce_window(x, jnp.float32(1), jax.lax.mul, (2, 2), (1, 1), "SAME"),
        "reduce_window",
    ),
    "repeated factors": (lambda x: x.at[jnp.array([0, 0])].multiply(2.0), "unique_indices"),
    "in place": (lambda x: x.at[x[0].astype(int)].add(1.0), "plain arrays"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_programs_are_refused_with_a_way_out(name: str) -> None:
    function, hint = REFUSED[name]
    with pytest.raises(ij.UnsupportedPrimitiveError, match=rf"(?s){hint}"):
        ij.enclose(lambda x: function(x))(X.astype("float32"))


def test_primitives_of_plain_arrays_are_evaluated() -> None:
    def f(x: jax.Array, n: jax.Array, key: jax.Array) -> tuple:
        order = jnp.argsort(n)
        noise = jax.random.bits(key, (3,), "uint32") >> 24
        shuffled = jax.lax.sort((n, x), num_keys=1)[1]
        return x[order], shuffled, x * noise.astype(x.dtype), jnp.argmax(n), n ^ 1

    x = ij.interval(jnp.arange(3.0), jnp.arange(3.0) + 0.5)
    n, key = jnp.array([2, 0, 1]), jax.random.key(0)
    moved, shuffled, noisy, best, flipped = jax.jit(ij.enclose(f))(x, n, key)
    assert moved.lo.tolist() == shuffled.lo.tolist() == [1, 2, 0]
    assert moved.hi.tolist() == shuffled.hi.tolist() == [1.5, 2.5, 0.5]
    drawn = np.asarray(jax.random.bits(key, (3,), "uint32") >> 24, float)
    np.testing.assert_array_equal(noisy.lo, [0, 1, 2] * drawn)
    np.testing.assert_array_equal(noisy.hi, [0.5, 1.5, 2.5] * drawn)
    assert int(best) == 0
    assert flipped.tolist() == [3, 1, 0]
