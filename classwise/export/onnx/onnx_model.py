"""A hasher as an ONNX model in memory."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import version
from typing import TYPE_CHECKING

from classwise.export.graph.signature import ALL_OUTPUTS, BATCH, INPUT, build_graph, code_bytes
from classwise.export.onnx.cheap_pooling import make_pooling_cheap
from classwise.export.onnx.fast_scaling import speed_up_scaling
from classwise.export.onnx.fold_scales import fold_scales
from classwise.export.onnx.layer_paths import layer_names
from classwise.export.onnx.portable_operators import replace_reciprocals
from classwise.export.onnx.tensorflow_to_onnx import check_opset, convert_graph
from classwise.export.onnx.tidy_graph import has_bodies, tidy_graph
from classwise.zoo.foundation.extras import require

if TYPE_CHECKING:
    import onnx

    from classwise.zoo import Hasher


def onnx_model(
    hasher: Hasher, opset: int, batch: int | None, outputs: Iterable[str]
) -> onnx.ModelProto:
    """Returns a hasher in float32; arguments and errors are those of `to_onnx`."""
    check_opset(opset)
    model = convert_graph(build_graph(hasher, batch, outputs), opset)
    finish_model(model, hasher, opset, batch)
    require("onnx.checker").check_model(model, full_check=True)
    return model


def finish_model(model: onnx.ModelProto, hasher: Hasher, opset: int, batch: int | None) -> None:
    """Gives a converted model its names, shapes and versions, in place."""
    helper = require("onnx.helper")
    replace_reciprocals(model.graph)
    if not has_bodies(model.graph):
        fold_scales(model.graph)
        make_pooling_cheap(model)
        speed_up_scaling(model.graph)
        tidy_graph(model.graph, layer_names(hasher), opset)
    model.graph.name = "hasher"
    model.graph.ClearField("doc_string")
    model.graph.output.sort(key=lambda value: ALL_OUTPUTS.index(value.name))
    sizes = {
        INPUT: hasher.image_shape,
        "embedding": (hasher.code_length,),
        "code": (code_bytes(hasher.code_length),),
        "scores": (hasher.num_classes,),
    }
    for value in (*model.graph.input, *model.graph.output):
        set_shape(value, (batch or BATCH, *sizes[value.name]))
    # tf2onnx declares an operator set for machine learning that the graph does not use.
    del model.opset_import[:]
    model.opset_import.append(helper.make_opsetid("", opset))
    model.ir_version = max(8, helper.find_min_ir_version_for(model.opset_import))
    model.producer_name, model.producer_version = "classwise", version("classwise")


def set_shape(value: onnx.ValueInfoProto, shape: tuple[int | str, ...]) -> None:
    """Sets the shape of an input or output; a name stands for a dynamic axis."""
    dimensions = value.type.tensor_type.shape.dim
    del dimensions[:]
    for size in shape:
        key = "dim_param" if isinstance(size, str) else "dim_value"
        setattr(dimensions.add(), key, size)
