"""What every tensor of an ONNX graph is, as a function of the network's layers.

Nothing here matches the habits of particular converters. One walk through the graph keeps for
every tensor what it *is*: a constant, an affine function of the output of one layer, or an
elementwise function of such an affine function. Whatever mixture of reshapes, transposes,
scalings and products a converter wrote between two activations then folds by itself into one
weight matrix and one bias, and a spelled-out activation such as ``u * (1 / (1 + exp(-u)))`` is
recognised by what it computes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from onnx import TensorProto

from sobolev.network import ACTIVATIONS


@dataclass(frozen=True)
class Affine:
    """A tensor whose entries are affine in the outputs of layer number `layer` (0: the inputs)."""

    layer: int
    coefficients: np.ndarray  # (outputs of the layer, *shape of the tensor)
    offset: np.ndarray  # (*shape of the tensor)

    def linear(self, function: Callable[[np.ndarray], np.ndarray]) -> "Affine":
        """The tensor after a linear `function` of the whole tensor."""
        columns = [function(column) for column in self.coefficients]
        return Affine(self.layer, np.stack(columns), np.asarray(function(self.offset)))

    def plus(self, constant: np.ndarray) -> "Affine":
        offset = self.offset + constant
        columns = [np.broadcast_to(column, offset.shape) for column in self.coefficients]
        return Affine(self.layer, np.stack(columns), offset)

    def equals(self, other: "Affine") -> bool:
        return (
            self.layer == other.layer
            and np.array_equal(self.coefficients, other.coefficients)
            and np.array_equal(self.offset, other.offset)
        )


@dataclass(frozen=True, eq=False)
class Elementwise:
    """`function` applied to every entry of `argument`; an activation, or a piece of one."""

    function: str
    argument: Affine


Value = np.ndarray | Affine | Elementwise


class UnsupportedError(Exception):
    """Raised for a node that cannot be part of an `MLP`; the message says why."""


class Graph:
    """One walk through an ONNX graph, collecting the layers it is made of."""

    def __init__(self) -> None:
        self.layers: list[Elementwise] = []
        self._opened: dict[int, Affine] = {}

    def affine(self, value: Value) -> Affine:
        """`value` as an affine function; the use of an activation's output starts a new layer."""
        if isinstance(value, Affine):
            return value
        if isinstance(value, np.ndarray):
            raise UnsupportedError("it needs an input that depends on the network's input")
        if id(value) not in self._opened:
            if value.function not in ACTIVATIONS:
                raise UnsupportedError(
                    f"it uses {value.function} of a layer, which is no activation an MLP can have"
                )
            if value.argument.layer != len(self.layers):
                raise UnsupportedError("the layers do not form one chain (a skip or parallel path)")
            self.layers.append(value)
            shape = value.argument.offset.shape
            n = value.argument.offset.size
            identity = np.eye(n).reshape(n, *shape)
            self._opened[id(value)] = Affine(len(self.layers), identity, np.zeros(shape))
        return self._opened[id(value)]

    def apply(self, operator: str, inputs: list[Any], attributes: dict[str, Any]) -> Value:
        """The value of a node, given the values of its inputs (None: an input left out)."""
        if operator in _STRUCTURAL:
            return self._linear(_STRUCTURAL[operator](inputs, attributes), inputs[0])
        if operator not in _OPERATORS:
            raise UnsupportedError("the operator is not supported")
        return _OPERATORS[operator](self, inputs, attributes)

    def _linear(self, function: Callable[[np.ndarray], np.ndarray], value: Value) -> Value:
        if isinstance(value, np.ndarray):
            return np.asarray(function(value))
        return self.affine(value).linear(function)

    def add(self, inputs: list[Any], attributes: dict[str, Any]) -> Value:
        left, right = inputs
        if isinstance(left, np.ndarray):
            left, right = right, left
        if isinstance(right, np.ndarray):
            if isinstance(left, np.ndarray):
                return np.asarray(left + right)
            if isinstance(left, Elementwise) and left.function == "exp" and np.all(right == 1):
                return Elementwise("one_plus_exp", left.argument)
            return self.affine(left).plus(right)
        left, right = self.affine(left), self.affine(right)
        if left.layer != right.layer:
            raise UnsupportedError(
                "it adds the outputs of two different layers (a skip connection)"
            )
        return Affine(
            left.layer, left.coefficients + right.coefficients, left.offset + right.offset
        )

    def sub(self, inputs: list[Any], attributes: dict[str, Any]) -> Value:
        return self.add([inputs[0], self._linear(np.negative, inputs[1])], attributes)

    def mul(self, inputs: list[Any], attributes: dict[str, Any]) -> Value:
        left, right = inputs
        if isinstance(left, np.ndarray):
            left, right = right, left
        if isinstance(right, np.ndarray):
            if isinstance(left, Elementwise) and _is_one(right, left):
                return left
            return self._linear(lambda tensor: tensor * right, left)
        for gate, other in ((left, right), (right, left)):
            logistic = isinstance(gate, Elementwise) and gate.function == "logistic"
            if logistic and self.affine(other).equals(gate.argument):
                return Elementwise("silu", gate.argument)
        raise UnsupportedError("it multiplies two tensors that both depend on the network's input")

    def div(self, inputs: list[Any], attributes: dict[str, Any]) -> Value:
        left, right = inputs
        if isinstance(right, np.ndarray):
            return self._linear(lambda tensor: tensor / right, left)
        return self.mul([left, self.reciprocal([right], attributes)], attributes)

    def reciprocal(self, inputs: list[Any], attributes: dict[str, Any]) -> Value:
        (value,) = inputs
        if isinstance(value, np.ndarray):
            return np.asarray(1 / value)
        if isinstance(value, Elementwise) and value.function == "one_plus_exp":
            return Elementwise("logistic", value.argument.linear(np.negative))
        raise UnsupportedError("it divides by a tensor that depends on the network's input")

    def matmul(self, inputs: list[Any], attributes: dict[str, Any]) -> Value:
        left, right = inputs
        if isinstance(right, np.ndarray):
            return self._linear(lambda tensor: np.matmul(tensor, right), left)
        if isinstance(left, np.ndarray):
            return self._linear(lambda tensor: np.matmul(left, tensor), right)
        raise UnsupportedError("it multiplies two tensors that both depend on the network's input")

    def gemm(self, inputs: list[Any], attributes: dict[str, Any]) -> Value:
        def operand(value: Value, transposed: str) -> Value:
            return self._linear(np.transpose, value) if attributes.get(transposed) else value

        product = self.matmul([operand(inputs[0], "transA"), operand(inputs[1], "transB")], {})
        product = self.mul([product, np.asarray(attributes.get("alpha", 1.0))], {})
        if len(inputs) < 3 or inputs[2] is None:
            return product
        bias = self.mul([inputs[2], np.asarray(attributes.get("beta", 1.0))], {})
        return self.add([product, bias], {})

    def log(self, inputs: list[Any], attributes: dict[str, Any]) -> Value:
        (value,) = inputs
        if isinstance(value, Elementwise) and value.function == "one_plus_exp":
            return Elementwise("softplus", value.argument)
        if isinstance(value, Elementwise) and value.function == "logistic":
            softplus = Elementwise("softplus", value.argument.linear(np.negative))
            return self.affine(softplus).linear(np.negative)
        raise UnsupportedError("it is understood only in log(1 + exp(x)) and log(sigmoid(x))")

    def maximum(self, inputs: list[Any], attributes: dict[str, Any]) -> Value:
        for bound, value in (inputs, inputs[::-1]):
            if isinstance(bound, np.ndarray) and np.all(bound == 0):
                return Elementwise("relu", self.affine(value))
        raise UnsupportedError("it is understood only as max(x, 0)")


def _is_one(constant: np.ndarray, factor: Elementwise) -> bool:
    shape = factor.argument.offset.shape
    return bool(np.all(constant == 1)) and np.broadcast_shapes(constant.shape, shape) == shape


def _activation(function: str) -> Callable[[Graph, list[Any], dict[str, Any]], Value]:
    return lambda graph, inputs, attributes: Elementwise(function, graph.affine(inputs[0]))


def _reshape(inputs: list[Any], attributes: dict[str, Any]) -> Callable[[np.ndarray], np.ndarray]:
    target = [int(size) for size in inputs[1]]

    def function(tensor: np.ndarray) -> np.ndarray:
        kept = not attributes.get("allowzero")
        sizes = [tensor.shape[i] if s == 0 and kept else s for i, s in enumerate(target)]
        return tensor.reshape(sizes)

    return function


def _axes(inputs: list[Any], attributes: dict[str, Any]) -> tuple[int, ...] | None:
    axes = inputs[1] if len(inputs) > 1 else attributes.get("axes")  # an input since opset 13
    return None if axes is None else tuple(int(axis) for axis in axes)


def _cast(inputs: list[Any], attributes: dict[str, Any]) -> Callable[[np.ndarray], np.ndarray]:
    if attributes["to"] not in (TensorProto.FLOAT, TensorProto.DOUBLE):
        name = TensorProto.DataType.Name(attributes["to"])
        raise UnsupportedError(f"it casts to {name}; only FLOAT and DOUBLE leave the values alone")
    return lambda tensor: tensor


_STRUCTURAL: dict[str, Callable[..., Callable[[np.ndarray], np.ndarray]]] = {
    "Identity": lambda inputs, attributes: lambda tensor: tensor,
    "Dropout": lambda inputs, attributes: lambda tensor: tensor,
    "Neg": lambda inputs, attributes: np.negative,
    "Cast": _cast,
    "Reshape": _reshape,
    "Flatten": lambda inputs, attributes: (
        lambda tensor: tensor.reshape(int(np.prod(tensor.shape[: attributes.get("axis", 1)])), -1)
    ),
    "Transpose": lambda inputs, attributes: (
        lambda tensor: np.transpose(tensor, attributes.get("perm"))
    ),
    "Squeeze": lambda inputs, attributes: (
        lambda tensor: np.squeeze(tensor, _axes(inputs, attributes))
    ),
    "Unsqueeze": lambda inputs, attributes: (
        lambda tensor: np.expand_dims(tensor, _axes(inputs, attributes) or ())
    ),
}

_OPERATORS: dict[str, Callable[[Graph, list[Any], dict[str, Any]], Value]] = {
    "Add": Graph.add,
    "Sub": Graph.sub,
    "Mul": Graph.mul,
    "Div": Graph.div,
    "Reciprocal": Graph.reciprocal,
    "MatMul": Graph.matmul,
    "Gemm": Graph.gemm,
    "Exp": _activation("exp"),
    "Log": Graph.log,
    "Max": Graph.maximum,
    "Sigmoid": _activation("logistic"),
    "Tanh": _activation("tanh"),
    "Relu": _activation("relu"),
    "Softplus": _activation("softplus"),
}

OPERATORS = tuple(sorted({*_STRUCTURAL, *_OPERATORS, "Constant"}))
"""Names of the operators that can be part of an importable graph."""
