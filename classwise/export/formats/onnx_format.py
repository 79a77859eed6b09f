"""ONNX."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING

from classwise.export.formats.format import OUTPUTS_OPTION, Engine, Format, Option, parts
from classwise.export.formats.onnx_runtime import open_onnx
from classwise.export.formats.openvino_runtime import open_openvino
from classwise.export.onnx.opsets import OPSETS
from classwise.zoo.encoding.onnx_digest import is_whole
from classwise.zoo.encoding.onnx_session import PROVIDERS
from classwise.zoo.foundation.number_ranges import BATCH_SIZES, FRACTIONS

if TYPE_CHECKING:
    import argparse

    from classwise.export.formats.report import ExportReport
    from classwise.zoo import Hasher

PRECISIONS = {"fp32": "float32", "fp16": "float16", "int8": "int8"}
LOWER = ("fp16", "int8")
PACKAGES = ("onnx", "tf2onnx", "onnxruntime")
OPTIONS = (
    Option(
        "--opset",
        {"type": OPSETS.parse, "metavar": "N", "help": "operator set, 15 to 23 (default: 18)"},
    ),
    Option(
        "--batch", {"type": BATCH_SIZES.parse, "metavar": "N", "help": "fixed batch (default: any)"}
    ),
    OUTPUTS_OPTION,
    Option("--precision", {"choices": tuple(PRECISIONS), "help": "inside (default: fp32)"}),
    Option(
        "--calibration",
        {
            "metavar": "DIR",
            "help": "images that fix the ranges of int8, a folder or name:split "
            "(default: training images of the protocol)",
        },
        LOWER,
    ),
    Option(
        "--keep-float",
        {
            "type": lambda text: [] if text == "none" else parts(text),
            "metavar": "L,L",
            "help": "layers that int8 leaves in float32: first,hash or none (default: first,hash)",
        },
        ("int8",),
    ),
    Option(
        "--protocol",
        {"metavar": "P", "help": "to measure mAP under (default: the preset's own)"},
        LOWER,
    ),
    Option(
        "--max-map-loss",
        {
            "type": FRACTIONS.parse,
            "metavar": "X",
            "help": "largest mAP that lower precision may cost (default: 0.005)",
        },
        LOWER,
    ),
    Option(
        "--with-centers",
        {
            "action": "store_true",
            "help": "write MODEL.centres.npz and MODEL.scores.onnx too",
        },
        aliases=("--with-centres",),
    ),
)
# Arguments of `to_onnx` as they stand; the others name images, which the command loads.
PLAIN = ("opset", "batch", "outputs", "precision", "keep_float", "max_map_loss", "with_centers")


def write(hasher: Hasher, path: Path, **arguments) -> ExportReport:
    from classwise.export.formats.to_onnx import to_onnx

    return to_onnx(hasher, path, **arguments)


def arguments(options: argparse.Namespace) -> dict[str, object]:
    """Returns the arguments of `to_onnx` that the command's options ask for."""
    from classwise.export.formats.preset_facts import preset_facts

    values = {option.name: option.value(options) for option in OPTIONS}
    given = {name: values[name] for name in PLAIN if values[name] is not None}
    return {"metadata": preset_facts(options.model), **given}


FORMAT = Format(
    name="onnx",
    title="ONNX",
    ending=".onnx",
    runtime="ONNX Runtime",
    extra="onnx",
    use="servers, GPUs and browsers; lower precision",
    write=write,
    open=open_onnx,
    options=OPTIONS,
    arguments=arguments,
    precisions=PRECISIONS,
    is_whole=is_whole,
    packages=PACKAGES,
    engines={
        **{
            name: Engine(f"ONNX Runtime on {name}", functools.partial(open_onnx, provider=name))
            for name in PROVIDERS
        },
        # Itself, and not ONNX Runtime's provider of that name.
        "openvino": Engine("OpenVINO", open_openvino),
    },
)
