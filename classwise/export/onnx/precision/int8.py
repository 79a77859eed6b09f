"""ONNX models whose backbone computes in 8-bit integers."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from classwise.export.onnx.head import backbone, products
from classwise.export.onnx.precision.calibration import Calibration
from classwise.export.onnx.precision.weight_rounding import round_convolutions
from classwise.zoo.foundation.errors import InputError, unknown_name
from classwise.zoo.foundation.extras import require
from classwise.zoo.foundation.quiet import quiet

if TYPE_CHECKING:
    import onnx

KEPT_FLOAT = ("first", "hash")
# With Relu and Clip among them, an activation has the range that it leaves, not the wider one that
# it cuts, of which a network with ReLU6 would use a small part only. Global poolings stay in
# float32, as the head behind them.
QUANTIZED = ["Conv", "MatMul", "Gemm", "Add", "Relu", "Clip", "MaxPool", "AveragePool"]
CALIBRATION_BATCH = 32
# Every position of every image is an input of a convolution: of EfficientNet-Lite0, 192 images
# leave as many bits flipped as 64.
ROUNDING_IMAGES = 64
ROUNDING_BATCH = 16


def to_int8(
    model: onnx.ModelProto,
    calibration: np.ndarray,
    keep_float: Iterable[str] = KEPT_FLOAT,
) -> onnx.ModelProto:
    """Returns a copy of a model whose backbone computes in 8-bit integers.

    The quantization is static: activations are unsigned, with one range a tensor, which the
    calibration images fix; weights are signed, with one range a channel, of 7 bits, because sums
    of products of 8 bits overflow on processors without VNNI. Weights of convolutions are rounded
    such that errors cancel out for the calibration images (`round_convolutions`). The graph holds
    QuantizeLinear and DequantizeLinear pairs, which runtimes fuse.

    Args:
        model: from `to_onnx`, in float32.
        calibration: uint8 images `[N, H, W, C]` like those to be encoded; some hundreds.
        keep_float: "first" keeps the first layer with weights in float32, "hash" the hash layer
            and a hidden one below it; most bits that flip come from there. Defaults to both.

    Raises:
        InputError: an unknown layer to keep, or a graph without a hash layer.
    """
    keep_float = set(keep_float)
    for name in sorted(keep_float - set(KEPT_FLOAT)):
        raise unknown_name("layer to keep in float", name, KEPT_FLOAT)
    inside = backbone(model.graph)
    if not inside:
        raise InputError("The backbone has no layer with weights to compute in 8 bits.")
    if "hash" not in keep_float:
        inside = [*inside, *products(model.graph)]
    if "first" in keep_float:
        inside = inside[1:]
    # The quantizer drops a Clip, as saturating 8 bits cut by themselves: but these reach to 0.
    inside = [node for node in inside if not cuts_zero(node, model.graph)]
    chosen = {node.name for node in inside}
    fixed_batch = model.graph.input[0].type.tensor_type.shape.dim[0].dim_value

    onnx = require("onnx")
    quantization = require("onnxruntime.quantization")
    preprocess = require("onnxruntime.quantization.preprocess")
    with tempfile.TemporaryDirectory() as folder, quiet():
        shaped, quantized = Path(folder) / "shaped.onnx", Path(folder) / "int8.onnx"
        preprocess.quant_pre_process(
            model, str(shaped), skip_optimization=True, skip_symbolic_shape=True
        )
        quantization.quantize_static(
            str(shaped),
            str(quantized),
            Calibration(calibration, fixed_batch or CALIBRATION_BATCH),
            quant_format=quantization.QuantFormat.QDQ,
            op_types_to_quantize=QUANTIZED,
            nodes_to_quantize=sorted(chosen),
            per_channel=True,
            reduce_range=True,
            activation_type=quantization.QuantType.QUInt8,
            weight_type=quantization.QuantType.QInt8,
        )
        rounded = onnx.load(quantized)
    del rounded.metadata_props[:]  # they speak of the float32 file
    # Folders list images class by class: some of every class.
    few = calibration[:: -(-len(calibration) // ROUNDING_IMAGES)]
    round_convolutions(rounded, model, Calibration(few, fixed_batch or ROUNDING_BATCH))
    return rounded


def cuts_zero(node: onnx.NodeProto, graph: onnx.GraphProto) -> bool:
    """Returns whether a node is a Clip to a range without 0, or to one that is not constant."""
    if node.op_type != "Clip":
        return False
    low, high = [*node.input[1:], "", ""][:2]
    constants = {constant.name: constant for constant in graph.initializer}
    if {low, high} - {""} - constants.keys():
        return True
    to_array = require("onnx").numpy_helper.to_array
    lowest, highest = (to_array(constants[name]) if name else 0 for name in (low, high))
    return bool(lowest > 0 or highest < 0)
