"""The only module that knows tf2onnx: a Keras graph in, an ONNX model out."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from classwise.export.onnx.graph_values import graphs_in
from classwise.export.onnx.layer_paths import layer_names, layer_path
from classwise.export.onnx.opsets import OPSETS
from classwise.export.onnx.portable_operators import replace_erfc
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.extras import require
from classwise.zoo.foundation.quiet import quiet

if TYPE_CHECKING:
    import keras
    import onnx
    from tensorflow.types.experimental import ConcreteFunction

NEWEST_CONVERTED = 18  # tf2onnx stops here; onnx's own version converter goes on
CALLS = ("PartitionedCall", "StatefulPartitionedCall")  # of functions that it left standing


def check_opset(opset: int) -> int:
    """Returns `opset`, or raises `InputError` unless it is an integer in 15..23."""
    if opset not in OPSETS:
        raise InputError(f"opset is {opset!r}; it must be {OPSETS}.")
    return opset


def convert_graph(graph: keras.Model, opset: int) -> onnx.ModelProto:
    """Converts a functional Keras model in inference mode, its constants folded.

    Args:
        graph: from `signature.build_graph`; Keras must run on TensorFlow.
        opset: ONNX operator set, 15 to 23.

    Raises:
        InputError: the model has an operator that ONNX has not, or a package is missing.
    """
    version_converter = require("onnx.version_converter")
    import tensorflow as tf

    model = trace(graph, opset)
    if any(node.op_type in CALLS for node in model.graph.node):
        # A function with a loop or a branch of its own cannot be traced through.
        with (
            contextlib.suppress(tf.errors.OperatorNotAllowedInGraphError),
            inner_functions_traced_through(),
        ):
            model = trace(graph, opset)
    replace_erfc(model.graph)
    check_operators(model, layer_names(graph))
    if opset > NEWEST_CONVERTED:
        try:
            model = version_converter.convert_version(model, opset)
        except RuntimeError as error:
            raise InputError(
                f"This model cannot be lifted to opset {opset} ({error}); "
                f"choose opset {NEWEST_CONVERTED} or lower."
            ) from error
    return model


def trace(graph: keras.Model, opset: int) -> onnx.ModelProto:
    """Returns what tf2onnx makes of a model, up to the opset where it stops.

    Layers such as `Normalization` compute with tensors that are no variables. TensorFlow hands
    them to a graph as further inputs, which `from_function` would leave to whoever runs the file;
    so a graph with such tensors is frozen first, which makes them constants.
    """
    convert = require("tf2onnx.convert")
    import tensorflow as tf

    signature = [tf.TensorSpec(t.shape, t.dtype, t.name) for t in graph.inputs]
    function = tf.function(lambda images: graph(images, training=False))
    opset = min(opset, NEWEST_CONVERTED)
    with quiet():
        traced = function.get_concrete_function(*signature)
        if all(captured.dtype == tf.resource for captured, _ in traced.graph.captures):
            return convert.from_function(function, signature, opset=opset)[0]
        frozen = frozen_graph(traced)
        names = {frozen.inputs[0].name: graph.inputs[0].name}
        # TensorFlow lists what a dictionary holds by its sorted keys.
        names |= zip([t.name for t in frozen.outputs], sorted(graph.output), strict=True)
        (images, *outputs) = names
        return convert.from_graph_def(
            frozen.graph.as_graph_def(add_shapes=True),
            input_names=[images],
            output_names=outputs,
            tensors_to_rename=names,
            opset=opset,
        )[0]


def frozen_graph(traced: ConcreteFunction) -> ConcreteFunction:
    """Returns a traced function with constants for all that it captured."""
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    return convert_variables_to_constants_v2(
        traced, lower_control_flow=False, aggressive_inlining=True
    )


@contextlib.contextmanager
def inner_functions_traced_through() -> Iterator[None]:
    """Puts what a `tf.function` computes in the graph that calls it, instead of a call.

    Keras compiles grouped convolutions by XLA as functions of their own, which tf2onnx leaves
    standing as calls; ONNX has the convolution itself.
    """
    import tensorflow as tf

    before = tf.config.functions_run_eagerly()
    tf.config.run_functions_eagerly(True)
    try:
        yield
    finally:
        tf.config.run_functions_eagerly(before)


def check_operators(model: onnx.ModelProto, layers: set[str]) -> None:
    """Raises `InputError` for an operator that tf2onnx left in the graph unconverted."""
    defs = require("onnx.defs")
    for node in (node for graph in graphs_in(model.graph) for node in graph.node):
        if not defs.has(node.op_type, node.domain):
            raise InputError(
                f"The layer {layer_path(node.name, layers) or node.name} uses the TensorFlow "
                f"operator {node.op_type}, which has no ONNX counterpart; replace the layer, or "
                "do its work before the images enter."
            )
