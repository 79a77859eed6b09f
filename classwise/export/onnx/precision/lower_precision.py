"""A float32 ONNX file made smaller or faster, and measured."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from classwise.export.graph.signature import INPUT
from classwise.export.onnx.precision.float16 import to_float16
from classwise.export.onnx.precision.int8 import to_int8
from classwise.export.proof.precision import (
    EvaluationImages,
    PrecisionError,
    PrecisionReport,
    compare_precision,
)
from classwise.export.proof.probe_images import probe_images
from classwise.export.proof.runtimes import open_model
from classwise.export.proof.verification import check_probe
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.extras import require

if TYPE_CHECKING:
    import onnx


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
    opened = open_model(reference)
    image_shape = opened.signatures[0].inputs[INPUT].shape[1:]
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
    if images is None:
        images = probe_images(image_shape) if calibration is None else calibration
    report = compare_precision(precision, opened, open_model(variant), images, evaluation)
    if report.map_loss is not None and report.map_loss > max_map_loss:
        raise PrecisionError(
            f"{precision} loses {report.map_loss:.4f} of mAP, more than the {max_map_loss:g} "
            f"allowed: {report}.",
            report,
        )
    if set(outputs) != {value.name for value in lowered.graph.output}:
        part = onnx.utils.Extractor(lowered).extract_model([INPUT], list(outputs)).graph
        part.name = lowered.graph.name
        lowered.graph.CopyFrom(part)
    return lowered, report
