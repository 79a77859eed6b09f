"""Rounding of quantized weights such that a layer's errors cancel out for its inputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from classwise.export.onnx.graph_values import attributes_of, constants_of
from classwise.export.onnx.precision.calibration import Calibration
from classwise.zoo.foundation.extras import require

if TYPE_CHECKING:
    import onnx

LARGEST = 64  # of 7 bits and a sign
DAMPING = 0.01


def round_convolutions(
    quantized: onnx.ModelProto, model: onnx.ModelProto, calibration: Calibration
) -> None:
    """Rounds the weights of a quantized model's convolutions anew, in place.

    Rounding each weight to its nearest integer leaves errors that add up in the sum of products.
    Here the weights of a filter are rounded one after the other, and those still to come take over
    what an error does to the output, as far as their inputs are correlated. Scales stay.

    Formula, for a filter w of K weights, its scale s, and the Gram matrix H of its inputs, U being
    the upper Cholesky factor of the inverse of H, for k = 1 ... K:

        q_k = clip(round(w_k / s), -64, 64)
        w_l <- w_l - (w_k - s q_k) U_kl / U_kk        for l > k

    The weights of the largest inputs come first. H gets a hundredth of its mean diagonal added to
    its diagonal.

    Args:
        quantized: made from `model`, with its weights behind DequantizeLinear.
        model: in float32.
        calibration: images, from whose layers' inputs H is estimated.

    Reference: GPTQ, arXiv 2210.17323.
    """
    numpy_helper = require("onnx.numpy_helper")
    made_by = {value: node for node in quantized.graph.node for value in node.output}
    stored = {constant.name: constant for constant in quantized.graph.initializer}
    kernels = constants_of(model.graph)
    weights = {}
    for node in quantized.graph.node:
        made = made_by.get(node.input[1]) if node.op_type == "Conv" else None
        if made is not None and set(made.input[:2]) <= stored.keys():
            weights[node.name] = [stored[name] for name in made.input[:2]]
    convolutions = {
        node.name: node
        for node in model.graph.node
        if node.name in weights and is_rounded(node, kernels)
    }
    if not convolutions:
        return
    grams = gram_matrices(model, list(convolutions.values()), kernels, calibration)
    for name, gram in grams.items():
        (whole, scale), kernel = weights[name], kernels[convolutions[name].input[1]]
        rows = kernel.astype(np.float64).reshape(len(kernel), -1)
        scales = numpy_helper.to_array(scale).reshape(-1).astype(np.float64)
        if gram.ndim == 3:  # one for every filter of a depthwise convolution
            parts = zip(rows[:, None], scales[:, None], gram, strict=True)
            rounded = np.concatenate([round_filters(*part) for part in parts])
        else:
            rounded = round_filters(rows, scales, gram)
        found = rounded.reshape(kernel.shape).astype(np.int8)
        whole.CopyFrom(numpy_helper.from_array(found, whole.name))


def round_filters(weights: np.ndarray, scales: np.ndarray, gram: np.ndarray) -> np.ndarray:
    """Returns the integers of filters `[F, K]` with scales `[F]`, for inputs' Gram matrix."""
    order = np.argsort(-np.diag(gram), kind="stable")
    gram = gram[np.ix_(order, order)]
    damping = DAMPING * np.mean(np.diag(gram)) or 1.0  # or there were no inputs but 0
    inverse = np.linalg.inv(gram + damping * np.eye(len(gram)))
    upper = np.linalg.cholesky((inverse + inverse.T) / 2).T
    rest, whole = weights[:, order].copy(), np.empty_like(weights)
    for k in range(len(order)):
        whole[:, order[k]] = np.clip(np.round(rest[:, k] / scales), -LARGEST, LARGEST)
        error = (rest[:, k] - scales * whole[:, order[k]]) / upper[k, k]
        rest[:, k + 1 :] -= np.outer(error, upper[k, k + 1 :])
    return whole


def gram_matrices(
    model: onnx.ModelProto,
    convolutions: list[onnx.NodeProto],
    kernels: dict[str, np.ndarray],
    calibration: Calibration,
) -> dict[str, np.ndarray]:
    """Computes the Gram matrix of a filter's inputs, `[K, K]`, by the convolution's name.

    `[C, K, K]` of a depthwise convolution, whose filters have inputs of their own. Of convolutions
    with the same kernel the first one stands for all.
    """
    first: dict[str, str] = {}
    for node in convolutions:
        first.setdefault(node.input[1], node.name)
    inputs = sorted({node.input[0] for node in convolutions})
    run = with_outputs(model, inputs)
    sums: dict[str, np.ndarray] = {}
    while (batch := calibration.get_next()) is not None:
        found = dict(zip(inputs, run(batch), strict=True))
        for node in convolutions:
            seen = patches(found[node.input[0]], kernels[node.input[1]].shape, attributes_of(node))
            gram = np.swapaxes(seen, -1, -2) @ seen
            name = first[node.input[1]]
            sums[name] = sums.get(name, 0) + gram.astype(np.float64)
    return sums


def is_rounded(node: onnx.NodeProto, kernels: dict[str, np.ndarray]) -> bool:
    """Returns whether `patches` knows a convolution's inputs; others keep the nearest integers.

    It has two dimensions, constant weights, no gaps, explicit padding, and filters that see all
    channels each, or each its own one.
    """
    settings, kernel = attributes_of(node), kernels.get(node.input[1])
    if kernel is None or kernel.ndim != 4:
        return False
    dense = set(settings.get("dilations", (1,))) == {1}
    padded = settings.get("auto_pad", b"NOTSET") in (b"NOTSET", b"VALID")
    group = settings.get("group", 1)
    return dense and padded and (group == 1 or kernel.shape[:2] == (group, 1))


def with_outputs(model: onnx.ModelProto, names: list[str]) -> Callable[[dict], list]:
    """Returns a function from a batch to the values of those names inside a model."""
    onnx, runtime = require("onnx"), require("onnxruntime")
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    del copy.graph.output[:]
    for name in names:
        kind = onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None)
        copy.graph.output.append(kind)
    session = runtime.InferenceSession(copy.SerializeToString(), providers=["CPUExecutionProvider"])
    return lambda batch: session.run(names, batch)


def patches(inputs: np.ndarray, kernel: tuple[int, ...], settings: dict) -> np.ndarray:
    """Returns the inputs `[M, K]` of all positions of a convolution, or `[C, M, K]` by channel.

    Args:
        inputs: `[N, C, H, W]`.
        kernel: shape of the weights, `[F, C / groups, h, w]`.
        settings: attributes of the ONNX node.
    """
    height, width = kernel[2:]
    channels = inputs.shape[1]
    top, left, bottom, right = settings.get("pads", (0, 0, 0, 0))
    down, across = settings.get("strides", (1, 1))
    inputs = np.pad(inputs, ((0, 0), (0, 0), (top, bottom), (left, right)))
    windows = np.lib.stride_tricks.sliding_window_view(inputs, (height, width), axis=(2, 3))
    windows = windows[:, :, ::down, ::across]  # [N, C, positions, positions, h, w]
    if settings.get("group", 1) == 1:
        return windows.transpose(0, 2, 3, 1, 4, 5).reshape(-1, channels * height * width)
    return windows.transpose(1, 0, 2, 3, 4, 5).reshape(channels, -1, height * width)
