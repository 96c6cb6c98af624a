"""ONNX in and out: any converter's feed-forward graph becomes an `MLP`, and back."""

import os
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from onnx import TensorProto, helper, numpy_helper

from sobolev._files import write_atomically
from sobolev._onnx_graph import OPERATORS, Affine, Graph, UnsupportedError, Value
from sobolev.network import ACTIVATIONS, MLP

OPSET = 17
"""The ONNX operator set that exported files state."""

_IR_VERSION = 8  # the file format that belongs to opset 17: older runtimes read it too

_SPELLING: dict[str, tuple[str, ...]] = {
    "silu": ("Sigmoid", "Mul"),
    "tanh": ("Tanh",),
    "relu": ("Relu",),
    # -log(sigmoid(-u)): onnxruntime has no Softplus for float64.
    "softplus": ("Neg", "Sigmoid", "Log", "Neg"),
}


class OnnxImportError(ValueError):
    """The file is not an ONNX graph that an `MLP` can represent; the message says why."""


def import_onnx(
    path: str | os.PathLike[str],
    *,
    x_mean: float | np.ndarray = 0.0,
    x_scale: float | np.ndarray = 1.0,
    y_mean: float = 0.0,
    y_scale: float = 1.0,
) -> MLP:
    """Reads a feed-forward network from an ONNX file, whatever converter wrote it.

    The result computes ``y_mean + y_scale * graph((x - x_mean) / x_scale)``. Normalisation that is
    part of the graph is folded into the first and last layer; normalisation that the file lacks is
    given here.

    Args:
        path: The file.
        x_mean: Scalar or (n_in,): centre of the inputs the graph was trained on, in market units.
        x_scale: Scalar or (n_in,): their scale, not zero.
        y_mean: Centre of the output, in price units.
        y_scale: Scale of the output, not zero.

    Returns:
        The network, in the floating-point type of the graph's input.

    Raises:
        FileNotFoundError: If there is no such file.
        OnnxImportError: If the file is no ONNX model, or its graph is not a chain of affine maps
            and supported activations; the message names the operator and the node.
        ValueError: If the normalisation does not fit, or a float64 file is read without x64.
    """
    path = Path(path)
    try:
        model = onnx.load(path)
    except DecodeError as error:
        raise OnnxImportError(f"{path} is not an ONNX file ({error}).") from error
    graph = model.graph
    values: dict[str, Value | None] = {"": None}
    for tensor in graph.initializer:
        values[tensor.name] = _constant(tensor)
    name, shape, dtype = _input(path, graph, set(values))
    values[name] = Affine(0, np.eye(shape[-1]).reshape(-1, *shape), np.zeros(shape))

    walk = Graph()
    for node in graph.node:
        try:
            values[node.output[0]] = _evaluate(walk, node, values)
        except UnsupportedError as error:
            raise _node_error(path, node, str(error)) from None
        except (ValueError, IndexError) as error:  # numpy's complaint about shapes
            raise _node_error(path, node, f"its shapes do not fit: {error}") from error
    output = values.get(graph.output[0].name) if len(graph.output) == 1 else None
    try:
        head = walk.affine(output) if output is not None else None
    except UnsupportedError as error:
        raise OnnxImportError(f"{path}: unsupported output: {error}.") from None
    if head is None or head.offset.size != 1 or head.layer != len(walk.layers):
        raise OnnxImportError(
            f"{path}: the graph must end in one output of one number per input row; "
            "export the network with its price output only."
        )
    activations = {layer.function for layer in walk.layers}
    if len(activations) > 1:
        raise OnnxImportError(
            f"{path}: the hidden layers use different activations {sorted(activations)}; "
            "an MLP has one for all of them."
        )
    maps = [*(layer.argument for layer in walk.layers), head]
    return _network(
        path, maps, next(iter(activations), "silu"), dtype, (x_mean, x_scale, y_mean, y_scale)
    )


def _constant(tensor: TensorProto) -> np.ndarray:
    array = numpy_helper.to_array(tensor)
    return array.astype(np.float64) if array.dtype.kind == "f" else array


def _input(
    path: Path, graph: onnx.GraphProto, known: set[str]
) -> tuple[str, tuple[int, ...], np.dtype]:
    """The name of the network's input, its shape for a batch of one, and its type."""
    inputs = [value for value in graph.input if value.name not in known]
    if len(inputs) != 1:
        raise OnnxImportError(
            f"{path}: the graph has {len(inputs)} inputs; a network with one input is needed."
        )
    tensor = inputs[0].type.tensor_type
    if tensor.elem_type not in (TensorProto.FLOAT, TensorProto.DOUBLE):
        raise OnnxImportError(f"{path}: the input {inputs[0].name!r} is not FLOAT or DOUBLE.")
    sizes = [dimension.dim_value for dimension in tensor.shape.dim]
    if not 1 <= len(sizes) <= 2 or sizes[-1] == 0:
        raise OnnxImportError(
            f"{path}: the input {inputs[0].name!r} must have shape (batch, n) with n fixed; "
            "export the network with a fixed number of inputs."
        )
    dtype = np.dtype(np.float32 if tensor.elem_type == TensorProto.FLOAT else np.float64)
    return inputs[0].name, (*(1 for _ in sizes[:-1]), sizes[-1]), dtype


def _evaluate(walk: Graph, node: onnx.NodeProto, values: dict[str, Any]) -> Value:
    attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    if node.domain not in ("", "ai.onnx"):
        raise UnsupportedError(f"the operator belongs to the domain {node.domain!r}")
    if node.op_type == "Constant":
        if "value" in attributes:
            return _constant(attributes["value"])
        return np.asarray(next(iter(attributes.values())))
    undefined = [name for name in node.input if name not in values]
    if undefined:
        raise UnsupportedError(f"its input {undefined[0]!r} is defined nowhere before it")
    return walk.apply(node.op_type, [values[name] for name in node.input], attributes)


def _node_error(path: Path, node: onnx.NodeProto, reason: str) -> OnnxImportError:
    supported = ", ".join(OPERATORS)
    return OnnxImportError(
        f"{path}: cannot import operator {node.op_type} at node {node.name or node.output[0]!r}: "
        f"{reason}. Only chains of affine maps and one of the activations "
        f"{', '.join(ACTIVATIONS)} can become an MLP; export the network again using only the "
        f"operators {supported}."
    )


def _network(
    path: Path,
    maps: list[Affine],
    activation: str,
    dtype: np.dtype,
    normalisation: tuple[Any, Any, Any, Any],
) -> MLP:
    if dtype == np.float64 and jnp.result_type(float) != np.float64:
        raise ValueError(
            f"{path} holds a float64 network; call jax.config.update('jax_enable_x64', True) first."
        )
    weights = [m.coefficients.reshape(len(m.coefficients), -1) for m in maps]
    biases = [m.offset.reshape(-1) for m in maps]
    x_mean, x_scale, y_mean, y_scale = (np.asarray(part, np.float64) for part in normalisation)
    n_inputs = len(weights[0])
    for name, part in (("x_mean", x_mean), ("x_scale", x_scale)):
        if part.shape not in ((), (n_inputs,)):
            raise ValueError(f"{name} must be a number or have shape ({n_inputs},): {part.shape}")
    if not all(np.all(np.isfinite(a)) for a in [*weights, *biases, x_mean, x_scale]):
        raise OnnxImportError(f"{path}: the network holds weights that are NaN or infinite.")
    if np.any(x_scale == 0) or y_scale == 0:
        raise ValueError("x_scale and y_scale must not be zero")
    return MLP(
        weights=tuple(jnp.asarray(w, dtype) for w in weights),
        biases=tuple(jnp.asarray(b, dtype) for b in biases),
        x_mean=jnp.asarray(np.broadcast_to(x_mean, n_inputs), dtype),
        x_scale=jnp.asarray(np.broadcast_to(x_scale, n_inputs), dtype),
        y_mean=jnp.asarray(y_mean, dtype),
        y_scale=jnp.asarray(y_scale, dtype),
        activation=activation,
    )


def export_onnx(net: MLP, path: str | os.PathLike[str]) -> Path:
    """Writes `net` as an ONNX file (opset 17) that takes raw inputs and returns prices.

    The normalisation is folded into the first and the last layer, so the file needs no side
    information. Input ``spots`` of shape (batch, n_in) and output ``price`` of shape (batch,) have
    a free batch dimension and the network's floating-point type.

    Args:
        net: The network.
        path: The file, written atomically.

    Returns:
        The path written.

    Raises:
        ValueError: If the activation has no ONNX form here.
    """
    if net.activation not in _SPELLING:
        raise ValueError(
            f"cannot export activation {net.activation!r}; supported: {', '.join(ACTIVATIONS)}"
        )
    dtype = np.dtype(net.dtype)
    weights = [np.asarray(w, np.float64) for w in net.weights]
    biases = [np.asarray(b, np.float64) for b in net.biases]
    x_mean, x_scale = np.asarray(net.x_mean, np.float64), np.asarray(net.x_scale, np.float64)
    weights[0] = weights[0] / x_scale[:, None]
    biases[0] = biases[0] - x_mean @ weights[0]
    weights[-1] = weights[-1] * np.asarray(net.y_scale, np.float64)
    biases[-1] = biases[-1] * np.asarray(net.y_scale, np.float64) + np.asarray(net.y_mean)

    nodes, tensors, value = [], [], "spots"
    for k, (weight, bias) in enumerate(zip(weights, biases, strict=True), start=1):
        names = [f"weight_{k}", f"bias_{k}"]
        for name, array in zip(names, (weight, bias), strict=True):
            tensors.append(numpy_helper.from_array(array.astype(dtype), name))
        nodes.append(helper.make_node("Gemm", [value, *names], [f"affine_{k}"], f"affine_{k}"))
        value = f"affine_{k}"
        if k < len(weights):
            affine = value
            for step, operator in enumerate(_SPELLING[net.activation], start=1):
                inputs = [affine, value] if operator == "Mul" else [value]
                value = f"{net.activation}_{k}_{step}"
                nodes.append(helper.make_node(operator, inputs, [value], value))
    tensors.append(numpy_helper.from_array(np.array([-1], np.int64), "rows"))
    nodes.append(helper.make_node("Reshape", [value, "rows"], ["price"], "price"))

    kind = helper.np_dtype_to_tensor_dtype(dtype)
    graph = helper.make_graph(
        nodes,
        "sobolev",
        [helper.make_tensor_value_info("spots", kind, ["batch", len(weights[0])])],
        [helper.make_tensor_value_info("price", kind, ["batch"])],
        tensors,
    )
    model = helper.make_model(
        graph,
        producer_name="sobolev",
        ir_version=_IR_VERSION,
        opset_imports=[helper.make_opsetid("", OPSET)],
    )
    onnx.checker.check_model(model, full_check=True)
    return write_atomically(path, model.SerializeToString())
