"""A float32 ONNX file made smaller or faster, and measured."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from classwise.export.formats.onnx_runtime import open_onnx
from classwise.export.onnx.precision.float16 import to_float16
from classwise.export.onnx.precision.int8 import to_int8
from classwise.export.proof.precision import EvaluationImages, PrecisionReport, check_precision_loss
from classwise.export.proof.verification import check_probe
from classwise.zoo.foundation.errors import InputError, unknown_name
from classwise.zoo.foundation.extras import require

if TYPE_CHECKING:
    import onnx

PRECISIONS = ("fp32", "fp16", "int8")


def check_precision(precision: str) -> str:
    """Returns `precision`, or raises `InputError` unless it is fp32, fp16 or int8."""
    if precision not in PRECISIONS:
        raise unknown_name("precision", precision, PRECISIONS)
    return precision


def lower_precision(
    reference: Path,
    precision: str,
    outputs: Sequence[str],
    *,
    calibration: np.ndarray | None,
    keep_float: Iterable[str],
    images: np.ndarray | None,
    evaluation: EvaluationImages | None,
    max_map_loss: float,
) -> tuple[onnx.ModelProto, PrecisionReport]:
    """Returns a model of lower precision with the chosen outputs, and what it loses.

    Args:
        reference: the float32 file, with the outputs `embedding` and `code`; its folder is
            written to.
        precision: "fp16" or "int8".
        outputs: of the returned model.
        calibration, keep_float, images, evaluation, max_map_loss: as in `to_onnx`.

    Raises:
        InputError: no calibration images for int8, or an argument is wrong.
        PrecisionError: more mAP is lost than allowed.
    """
    if not 0 <= max_map_loss <= 1:
        raise InputError(f"max_map_loss is {max_map_loss!r}; it must be from 0 to 1.")
    onnx = require("onnx")
    opened = open_onnx(reference)
    image_shape = opened.image_shape
    full = onnx.load(reference)
    if precision == "fp16":
        lowered = to_float16(full)
    else:
        if calibration is None:
            raise InputError(
                "int8 needs calibration images like those to be encoded; give some hundreds as "
                "calibration, or --calibration DIR on the command line."
            )
        check_probe(calibration, image_shape)
        lowered = to_int8(full, calibration, keep_float)
    onnx.checker.check_model(lowered, full_check=True)
    variant = reference.with_name(f"{precision}.onnx")
    onnx.save(lowered, variant)
    report = check_precision_loss(
        precision,
        opened,
        open_onnx(variant),
        calibration if images is None else images,
        evaluation,
        max_map_loss,
    )
    if set(outputs) != {value.name for value in lowered.graph.output}:
        part = (
            onnx.utils.Extractor(lowered)
            .extract_model([full.graph.input[0].name], list(outputs))
            .graph
        )
        part.name = lowered.graph.name
        lowered.graph.CopyFrom(part)
    return lowered, report
