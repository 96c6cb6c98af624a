"""ONNX import and export, measured against onnxruntime."""

from pathlib import Path

import jax
import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from sobolev import network
from sobolev.onnx_io import OPSET, OnnxImportError, export_onnx, import_onnx

SHAPES = [(3, 1), (7, 3, 3, 1), (5, 16, 8, 4, 1), (1, 2, 1)]


def random_network(sizes=(7, 3, 3, 1), activation="silu", dtype="float64", seed=0):
    rng = np.random.default_rng(seed)
    net = network.initialise(jax.random.key(seed), sizes, activation, dtype)
    x = rng.uniform(0.3, 1.7, (100, sizes[0])) * rng.uniform(0.5, 2.0, sizes[0])
    y = rng.normal(0.3, 0.2, 100)
    return network.with_normalisation(net, x.astype(dtype), y.astype(dtype))


def run_onnx(path, x):
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: x})[0]


def save_graph(path, nodes, constants, n_in=2, output="y", dtype=TensorProto.DOUBLE):
    """A model file with one input "x" of shape (1, n_in)."""
    graph = helper.make_graph(
        [helper.make_node(op, i, [o], name=f"node_{o}", **a) for op, i, o, a in nodes],
        "test",
        [helper.make_tensor_value_info("x", dtype, [1, n_in])],
        [helper.make_tensor_value_info(output, dtype, None)],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)])
    onnx.save(model, path)
    return path


@pytest.mark.parametrize("sizes", SHAPES, ids=str)
@pytest.mark.parametrize("activation", sorted(network.ACTIVATIONS))
def test_exported_network_agrees_with_onnxruntime(tmp_path, sizes, activation):
    net = random_network(sizes, activation)
    path = export_onnx(net, tmp_path / "net.onnx")
    x = np.random.default_rng(1).uniform(0.3, 1.7, (257, sizes[0]))
    price = run_onnx(path, x)
    assert price.shape == (257,)
    assert price.dtype == np.float64
    np.testing.assert_allclose(price, network.apply(net, x), rtol=0, atol=1e-12)


@pytest.mark.parametrize("activation", sorted(network.ACTIVATIONS))
def test_import_inverts_export(tmp_path, activation):
    net = random_network((7, 12, 5, 1), activation)
    back = import_onnx(export_onnx(net, tmp_path / "net.onnx"))
    assert back.sizes == net.sizes
    assert back.activation == activation
    x = np.random.default_rng(1).uniform(0.3, 1.7, (64, 7))
    np.testing.assert_allclose(network.apply(back, x), network.apply(net, x), rtol=0, atol=1e-12)


def test_float32_network_stays_float32(tmp_path):
    net = random_network(dtype="float32")
    path = export_onnx(net, tmp_path / "net.onnx")
    x = np.random.default_rng(1).uniform(0.3, 1.7, (64, 7)).astype(np.float32)
    price = run_onnx(path, x)
    assert price.dtype == np.float32
    assert import_onnx(path).dtype == np.float32
    np.testing.assert_allclose(price, network.apply(net, x), rtol=0, atol=2e-6)


def test_exported_file_states_its_opset_and_a_free_batch_dimension(tmp_path):
    model = onnx.load(export_onnx(random_network(), tmp_path / "net.onnx"))
    onnx.checker.check_model(model, full_check=True)
    assert [(o.domain, o.version) for o in model.opset_import] == [("", OPSET)]
    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "batch"


def test_export_replaces_a_file_and_leaves_no_temporary_one(tmp_path):
    path = tmp_path / "net.onnx"
    path.write_bytes(b"old")
    export_onnx(random_network(), path)
    assert import_onnx(path).sizes == (7, 3, 3, 1)
    assert list(tmp_path.iterdir()) == [path]


# Spellings of one hidden layer, silu(W x + b), as converters write them. "u" is the preactivation.
SPELLINGS = {
    "silu, sigmoid operator": ("silu", [("Sigmoid", ["u"], "s"), ("Mul", ["u", "s"], "h")]),
    "silu, exp and reciprocal": (
        "silu",
        [
            ("Neg", ["u"], "n"),
            ("Exp", ["n"], "e"),
            ("Add", ["one", "e"], "d"),
            ("Reciprocal", ["d"], "s"),
            ("Mul", ["s", "u"], "h"),
        ],
    ),
    "silu, division": (
        "silu",
        [
            ("Neg", ["u"], "n"),
            ("Exp", ["n"], "e"),
            ("Add", ["e", "one"], "d"),
            ("Div", ["u", "d"], "h"),
        ],
    ),
    "silu, quotient by one": (
        "silu",
        [
            ("Neg", ["u"], "n"),
            ("Exp", ["n"], "e"),
            ("Add", ["e", "one"], "d"),
            ("Div", ["one", "d"], "s"),
            ("Mul", ["u", "s"], "h"),
        ],
    ),
    "softplus operator": ("softplus", [("Softplus", ["u"], "h")]),
    "softplus, log of exp": (
        "softplus",
        [("Exp", ["u"], "e"), ("Add", ["e", "one"], "d"), ("Log", ["d"], "h")],
    ),
    "relu operator": ("relu", [("Relu", ["u"], "h")]),
    "relu, maximum": ("relu", [("Max", ["zero", "u"], "h")]),
    "tanh": ("tanh", [("Tanh", ["u"], "h")]),
}


@pytest.mark.parametrize("left", [False, True], ids=["x @ W", "W @ x"])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_spelled_out_activations_and_layouts_are_recognised(tmp_path, spelling, left):
    activation, layer = SPELLINGS[spelling]
    rng = np.random.default_rng(3)
    W, b, V, c = rng.normal(size=(2, 4)), rng.normal(size=4), rng.normal(size=(4, 1)), 0.3
    constants = {
        "mean": np.array([1.0, 2.0]),
        "scale": np.array(0.5),
        "one": np.ones(1),
        "zero": np.zeros(1),
        "column": np.array([-1, 1]),
        "c": np.array([c]),
    }
    nodes = [("Sub", ["x", "mean"], "centred", {}), ("Div", ["centred", "scale"], "z", {})]
    if left:
        constants |= {"W": W.T, "b": b[:, None], "V": V.T}
        nodes += [("Reshape", ["z", "column"], "zt", {}), ("MatMul", ["W", "zt"], "p", {})]
    else:
        constants |= {"W": W, "b": b, "V": V}
        nodes += [("MatMul", ["z", "W"], "p", {})]
    nodes += [("Add", ["p", "b"], "u", {})]
    nodes += [(op, inputs, output, {}) for op, inputs, output in layer]
    nodes += [("MatMul", ["V", "h"] if left else ["h", "V"], "q", {}), ("Add", ["c", "q"], "y", {})]
    used = {name for _, inputs, _, _ in nodes for name in inputs}
    constants = {name: value for name, value in constants.items() if name in used}
    path = save_graph(tmp_path / "net.onnx", nodes, constants)

    net = import_onnx(path)
    assert net.activation == activation
    assert net.sizes == (2, 4, 1)
    # The reference evaluator: onnxruntime has no Softplus for float64.
    reference = ReferenceEvaluator(str(path))
    for x in rng.normal(1, 1, (20, 1, 2)):
        (expected,) = reference.run(None, {"x": x})
        np.testing.assert_allclose(
            network.apply(net, x).ravel(), expected.ravel(), rtol=0, atol=1e-12
        )


def test_gemm_attributes_are_honoured(tmp_path):
    rng = np.random.default_rng(4)
    constants = {
        "W": rng.normal(size=(3, 2)),
        "b": rng.normal(size=3),
        "V": rng.normal(size=(3, 1)),
    }
    nodes = [
        ("Gemm", ["x", "W", "b"], "u", {"alpha": 1.5, "beta": -0.25, "transB": 1}),
        ("Tanh", ["u"], "h", {}),
        ("Gemm", ["h", "V"], "y", {}),
    ]
    path = save_graph(tmp_path / "net.onnx", nodes, constants)
    x = rng.normal(size=(1, 2))
    np.testing.assert_allclose(
        network.apply(import_onnx(path), x), run_onnx(path, x)[:, 0], rtol=0, atol=1e-14
    )


def test_normalisation_missing_from_the_file_is_given_by_arguments(tmp_path):
    net = random_network()
    path = export_onnx(net, tmp_path / "net.onnx")
    x = np.random.default_rng(1).uniform(0.3, 1.7, (16, 7))
    mean, scale = np.linspace(0.5, 1.5, 7), np.linspace(1.0, 2.0, 7)
    wrapped = import_onnx(path, x_mean=mean, x_scale=scale, y_mean=0.1, y_scale=3.0)
    expected = 0.1 + 3.0 * network.apply(net, (x - mean) / scale)
    np.testing.assert_allclose(network.apply(wrapped, x), expected, rtol=0, atol=1e-12)
    with pytest.raises(ValueError, match=r"shape \(7,\)"):
        import_onnx(path, x_mean=np.zeros(3))
    with pytest.raises(ValueError, match="zero"):
        import_onnx(path, x_scale=0.0)


WEIGHTS = {"W": np.ones((2, 3)), "V": np.ones((3, 1)), "K": np.ones((1, 1, 2))}
REFUSED = {
    "unknown operator": ([("Sin", ["x"], "y", {})], "Sin at node 'node_y'.*not supported"),
    "unknown operator inside": (
        [("MatMul", ["x", "W"], "u", {}), ("Erf", ["u"], "h", {}), ("MatMul", ["h", "V"], "y", {})],
        "Erf at node 'node_h'.*supported",
    ),
    "bare exp": (
        [("MatMul", ["x", "W"], "u", {}), ("Exp", ["u"], "h", {}), ("MatMul", ["h", "V"], "y", {})],
        "MatMul at node 'node_y'.*exp",
    ),
    "skip connection": (
        [
            ("MatMul", ["x", "W"], "u", {}),
            ("Tanh", ["u"], "h", {}),
            ("Add", ["u", "h"], "r", {}),
            ("MatMul", ["r", "V"], "y", {}),
        ],
        "Add at node 'node_r'.*skip",
    ),
    "product of inputs": ([("Mul", ["x", "x"], "y", {})], "Mul at node 'node_y'.*both depend"),
    "wrong shapes": ([("MatMul", ["x", "V"], "y", {})], "MatMul at node 'node_y'.*shapes"),
    "cast to integer": (
        [("Cast", ["x"], "i", {"to": TensorProto.INT64}), ("MatMul", ["i", "W"], "y", {})],
        "Cast at node 'node_i'.*INT64",
    ),
    "vector output": ([("MatMul", ["x", "W"], "y", {})], "one number per input row"),
    "mixed activations": (
        [
            ("MatMul", ["x", "W"], "u", {}),
            ("Tanh", ["u"], "h", {}),
            ("Relu", ["h"], "r", {}),
            ("MatMul", ["r", "V"], "y", {}),
        ],
        "different activations",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_no_mlp_can_represent_is_refused_by_name(tmp_path, case):
    nodes, message = REFUSED[case]
    used = {name for _, inputs, _, _ in nodes for name in inputs}
    path = save_graph(
        tmp_path / "strange.onnx", nodes, {n: v for n, v in WEIGHTS.items() if n in used}
    )
    with pytest.raises(OnnxImportError, match=message) as raised:
        import_onnx(path)
    assert "strange.onnx" in str(raised.value)


def test_not_an_onnx_file(tmp_path):
    path = tmp_path / "net.onnx"
    path.write_text("this is not protobuf")
    with pytest.raises(OnnxImportError, match="not an ONNX file"):
        import_onnx(path)
    with pytest.raises(FileNotFoundError):
        import_onnx(tmp_path / "absent.onnx")


def test_nan_weights_are_refused(tmp_path):
    nodes = [("MatMul", ["x", "W"], "y", {})]
    path = save_graph(tmp_path / "net.onnx", nodes, {"W": np.array([[1.0], [np.nan]])})
    with pytest.raises(OnnxImportError, match="NaN or infinite"):
        import_onnx(path)


PAPER = Path(__file__).parents[3] / "shared" / "paper"
PAPER_NORMALISATION = {
    "x_mean": 0.993868814577568,
    "x_scale": 1.0305049222309008,
    "y_mean": 0.09698080181749891,
    "y_scale": 0.13860017276861647,
}


@pytest.mark.skipif(not PAPER.is_dir(), reason="the published networks are not at hand")
@pytest.mark.parametrize(
    ("file", "parameters", "inside"),
    [
        ("dense_sobolev_6x128.onnx", 83_713, True),
        ("pruned_6x8.onnx", 433, False),
        ("pruned_retrained_2x3.onnx", 40, False),
    ],
)
def test_published_networks_agree_with_onnxruntime(file, parameters, inside):
    given = {} if inside else PAPER_NORMALISATION
    net = import_onnx(PAPER / file, **given)
    assert net.n_parameters == parameters
    assert net.activation == "silu"
    x = np.random.default_rng(5).uniform(0.3232233, 1.6767767, (64, 7))
    z = x if inside else (x - given["x_mean"]) / given["x_scale"]
    price = np.stack([run_onnx(PAPER / file, row[None]).item() for row in z])
    if not inside:
        price = given["y_mean"] + given["y_scale"] * price
    np.testing.assert_allclose(network.apply(net, x), price, rtol=0, atol=1e-12)
