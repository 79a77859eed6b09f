"""The export to ONNX, whole: conversion, lower precision, proof, files."""

from __future__ import annotations

import contextlib
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from classwise.export.formats.lower_precision import check_precision, lower_precision
from classwise.export.formats.onnx_format import PACKAGES
from classwise.export.formats.onnx_runtime import open_onnx
from classwise.export.formats.report import ExportReport
from classwise.export.graph.class_centers import class_center_arrays
from classwise.export.graph.metadata import describe
from classwise.export.graph.signature import OUTPUTS, check_outputs
from classwise.export.onnx.gpu_operators import cpu_only_operators
from classwise.export.onnx.onnx_model import onnx_model
from classwise.export.proof.precision import MAX_MAP_LOSS, EvaluationImages
from classwise.export.proof.verification import prove
from classwise.zoo.encoding.onnx_digest import BLANK, KEY, sealed
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.extras import require
from classwise.zoo.foundation.files import replacing_file

if TYPE_CHECKING:
    import os

    import onnx

    from classwise.zoo import Hasher


def to_onnx(
    hasher: Hasher,
    path: str | os.PathLike,
    *,
    opset: int = 18,
    batch: int | None = None,
    outputs: Iterable[str] = OUTPUTS,
    precision: str = "fp32",
    calibration: np.ndarray | None = None,
    keep_float: Iterable[str] = ("first", "hash"),
    evaluation: EvaluationImages | None = None,
    max_map_loss: float = MAX_MAP_LOSS,
    with_centers: bool = False,
    metadata: Mapping[str, object] | None = None,
    images: np.ndarray | None = None,
    verify: bool = True,
) -> ExportReport:
    """Writes a hasher as an ONNX file, after ONNX Runtime gave the same bits as Keras.

    The graph takes `images` (uint8 `[batch, H, W, C]`, 0-255) and returns `embedding` (float32
    `[batch, L]`) and `code` (uint8 `[batch, ceil(L / 8)]`): scaling, sign and packing are inside.

    Of lower precision, no equal bits can be expected. The float32 graph is then compared with
    Keras, and the one that is written with the float32 graph: see `PrecisionReport`.

    Args:
        hasher: the model; Keras must run on TensorFlow.
        path: the file to write; one that exists is replaced, once the new one is proven.
        opset: ONNX operator set, 15 to 23. Defaults to 18.
        batch: fixed number of images for runtimes that need one; None (the default) leaves the
            axis dynamic, named `batch`.
        outputs: some of "embedding", "code" and "scores" (the class posterior, see
            `class_scores`). Defaults to the first two.
        precision: "fp32", "fp16" (float16 in the backbone) or "int8". Defaults to "fp32".
        calibration: uint8 images `[N, H, W, C]` that fix the ranges of int8; some hundreds.
        keep_float: layers that int8 leaves in float32, some of "first" and "hash". Defaults to
            both.
        evaluation: queries and database, such as `get_protocol(name).load()`, to measure what
            lower precision costs; without them only bits are counted.
        max_map_loss: largest loss of mAP allowed on the evaluation. Defaults to 0.005.
        with_centers: whether to write class centers beside the file, `mine.centres.npz`, and
            a second model from `images` to `scores`, `mine.scores.onnx`. Defaults to False.
        metadata: more entries for the file's `metadata_props`, such as `preset_facts(name)`.
        images: uint8 images to verify with. Defaults to `verify`'s own.
        verify: whether to compare the file with Keras. Defaults to True.

    Raises:
        InputError: an argument is wrong, a package is missing, or an operator has no ONNX form.
        ParityError: ONNX Runtime computes something else than Keras, or lower precision costs
            more mAP than allowed (`PrecisionError`); nothing is written.
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
    check_precision(precision)
    outputs = check_outputs(outputs)
    centers: dict[str, Any] = class_center_arrays(hasher) if with_centers else {}
    for package in PACKAGES if verify or precision != "fp32" else PACKAGES[:2]:
        require(package)
    if path.is_dir():
        raise InputError(f"{path} is a folder; give the name of a file, such as mine.onnx.")

    # Bits can be compared where there are embeddings, so they are cut off at the end.
    wanted = outputs if precision == "fp32" else check_outputs({*OUTPUTS, *outputs})
    model = onnx_model(hasher, opset, batch, wanted)

    facts = dict(metadata or {})

    def properties(outputs: Iterable[str], precision: str = "fp32") -> dict[str, str]:
        return describe(hasher, facts, batch=batch, outputs=outputs, precision=precision)

    with contextlib.ExitStack() as files:
        temporary = files.enter_context(replacing_file(path))
        loss = None
        if precision == "fp32":
            save(model, temporary, properties(outputs))
            parity = prove(hasher, open_onnx(temporary), images) if verify else None
        else:
            with tempfile.TemporaryDirectory() as folder:
                reference = Path(folder) / "fp32.onnx"
                save(model, reference, properties(wanted))
                parity = prove(hasher, open_onnx(reference), images) if verify else None
                model, loss = lower_precision(
                    reference,
                    precision,
                    outputs,
                    calibration=calibration,
                    keep_float=keep_float,
                    images=images,
                    evaluation=evaluation,
                    max_map_loss=max_map_loss,
                )
            facts.pop("map", None)  # float32's
            if loss.map is not None:
                facts["map"] = f"{loss.map:.4f}"
            save(model, temporary, properties(outputs, precision))
        companions: tuple[Path, ...] = ()
        if with_centers:
            companions = (path.with_suffix(".centres.npz"), path.with_suffix(".scores.onnx"))
            centers_file, scores = (files.enter_context(replacing_file(p)) for p in companions)
            np.savez(centers_file, **centers)
            head = onnx_model(hasher, opset, batch, ["scores"])
            save(head, scores, properties(["scores"]))
            if verify:
                prove(hasher, open_onnx(scores), images)
    return ExportReport(
        path,
        "onnx",
        path.stat().st_size,
        parity,
        precision=loss,
        companions=companions,
        operators=dict(Counter(node.op_type for node in model.graph.node).most_common()),
        cpu_only_operators=cpu_only_operators(model),
    )


def save(model: onnx.ModelProto, path: Path, properties: Mapping[str, str]) -> None:
    """Writes a model with its digest, the same bytes for the same model every time."""
    del model.metadata_props[:]
    require("onnx.helper").set_model_props(model, {**properties, KEY: BLANK})
    path.write_bytes(sealed(model.SerializeToString(deterministic=True)))
