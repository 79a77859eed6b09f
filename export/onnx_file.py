"""Export to ONNX."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from classwise.export.extras import require
from classwise.export.fold_scales import fold_scales
from classwise.export.report import ExportReport
from classwise.export.signature import BATCH, BIT_ORDER, INPUT, OUTPUTS, build_graph, code_bytes
from classwise.export.tensorflow_to_onnx import check_opset, convert_graph
from classwise.export.tidy_graph import layer_names, tidy_graph
from classwise.export.verification import verify as verify_export
from classwise.zoo.errors import InputError
from classwise.zoo.files import replacing_file

if TYPE_CHECKING:
    import os

    import numpy as np
    import onnx

    from classwise.zoo import Hasher

ONNX_PACKAGES = ("onnx", "tf2onnx", "onnxruntime")
CHANNELS = {1: "grey", 3: "RGB"}


def to_onnx(
    hasher: Hasher,
    path: str | os.PathLike,
    *,
    opset: int = 18,
    batch: int | None = None,
    outputs: Iterable[str] = OUTPUTS,
    metadata: Mapping[str, object] | None = None,
    images: np.ndarray | None = None,
    verify: bool = True,
) -> ExportReport:
    """Writes a hasher as an ONNX file, after ONNX Runtime gave the same bits as Keras.

    The graph takes `images` (uint8 `[batch, H, W, C]`, 0-255) and returns `embedding` (float32
    `[batch, L]`) and `code` (uint8 `[batch, ceil(L / 8)]`): scaling, sign and packing are inside.

    Args:
        hasher: the model; Keras must run on TensorFlow.
        path: the file to write; one that exists is replaced, once the new one is proven.
        opset: ONNX operator set, 15 to 23. Defaults to 18.
        batch: fixed number of images for runtimes that need one; None (the default) leaves the
            axis dynamic, named `batch`.
        outputs: "embedding", "code" or both. Defaults to both.
        metadata: more entries for the file's `metadata_props`, such as the preset's name.
        images: uint8 images to verify with. Defaults to `verify`'s own.
        verify: whether to compare the file with Keras. Defaults to True.

    Raises:
        InputError: an argument is wrong, a package is missing, or an operator has no ONNX form.
        ParityError: ONNX Runtime computes something else than Keras; nothing is written.
        OSError: the file cannot be written; nothing is left behind.

    Example:

    >>> import pathlib, tempfile
    >>> from classwise import zoo
    >>> hasher = zoo.Hasher(zoo.resnet(8, (8, 8, 1), width=2), code_length=12, num_classes=2)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     report = to_onnx(hasher, pathlib.Path(folder) / "mine.onnx")
    >>> report.parity.passed
    True
    """
    path = Path(path)
    check_opset(opset)
    for package in ONNX_PACKAGES if verify else ONNX_PACKAGES[:2]:
        require(package)
    if path.is_dir():
        raise InputError(f"{path} is a folder; give the name of a file, such as mine.onnx.")
    graph = build_graph(hasher, batch, outputs)
    model = convert_graph(graph, opset)
    finish_model(model, hasher, opset, batch, metadata or {})
    require("onnx.checker").check_model(model, full_check=True)
    with replacing_file(path) as temporary:
        temporary.write_bytes(model.SerializeToString(deterministic=True))
        parity = verify_export(hasher, temporary, images) if verify else None
    operators = Counter(node.op_type for node in model.graph.node)
    return ExportReport(path, "onnx", path.stat().st_size, parity, dict(operators.most_common()))


def finish_model(
    model: onnx.ModelProto, hasher: Hasher, opset: int, batch: int | None, metadata: Mapping
) -> None:
    """Gives a converted model its names, shapes, versions and metadata, in place."""
    helper = require("onnx.helper")
    fold_scales(model.graph)
    tidy_graph(model.graph, layer_names(hasher), opset)
    model.graph.name = "hasher"
    model.graph.ClearField("doc_string")
    model.graph.output.sort(key=lambda value: OUTPUTS.index(value.name))
    sizes = {
        INPUT: hasher.image_shape,
        "embedding": (hasher.code_length,),
        "code": (code_bytes(hasher.code_length),),
    }
    for value in (*model.graph.input, *model.graph.output):
        set_shape(value, (batch or BATCH, *sizes[value.name]))
    # tf2onnx declares an operator set for machine learning that the graph does not use.
    del model.opset_import[:]
    model.opset_import.append(helper.make_opsetid("", opset))
    model.ir_version = max(8, helper.find_min_ir_version_for(model.opset_import))
    model.producer_name, model.producer_version = "classwise", version("classwise")
    helper.set_model_props(model, describe(hasher, metadata))


def set_shape(value: onnx.ValueInfoProto, shape: tuple[int | str, ...]) -> None:
    """Sets the shape of an input or output; a name stands for a dynamic axis."""
    dimensions = value.type.tensor_type.shape.dim
    del dimensions[:]
    for size in shape:
        key = "dim_param" if isinstance(size, str) else "dim_value"
        setattr(dimensions.add(), key, size)


def describe(hasher: Hasher, metadata: Mapping[str, object]) -> dict[str, str]:
    """Returns the `metadata_props`; the graph's own contract comes last and wins."""
    height, width, channels = hasher.image_shape
    props = {str(key): str(value) for key, value in metadata.items()} | {
        "classwise_version": version("classwise"),
        "code_length": str(hasher.code_length),
        "bit_order": BIT_ORDER,
        "input_contract": f"{INPUT}: uint8 [{BATCH}, {height}, {width}, {channels}], pixels 0-255, "
        f"{CHANNELS.get(channels, f'{channels} channels')}, "
        "resized outside, scaled inside the graph",
        "unit_length": str(bool(hasher.normalize)).lower(),
    }
    return dict(sorted(props.items()))
