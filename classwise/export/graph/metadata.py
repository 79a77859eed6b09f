"""What an ONNX file tells about itself, in its `metadata_props`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING

from classwise.export.graph.class_scores import describe_scores, has_scores
from classwise.export.graph.signature import BATCH, BIT_ORDER, INPUT
from classwise.zoo.datasets.image_preparation import image_preparation
from classwise.zoo.methods import method_of

if TYPE_CHECKING:
    from classwise.zoo import Hasher

CHANNELS = {1: "grey", 3: "RGB"}


def describe(
    hasher: Hasher,
    metadata: Mapping[str, object],
    *,
    batch: int | None,
    outputs: Iterable[str],
    precision: str,
) -> dict[str, str]:
    """Returns the `metadata_props`; what the graph itself fixes comes last and wins."""
    height, width, channels = hasher.image_shape
    known: dict[str, object] = {}
    if has_scores(hasher):
        method = method_of(hasher.loss)
        known["method"] = method.name if method else type(hasher.loss).__name__
    known |= metadata
    known |= {
        "classwise_version": version("classwise"),
        "code_length": hasher.code_length,
        "bit_order": BIT_ORDER,
        "input_contract": f"{INPUT}: uint8 [{batch or BATCH}, {height}, {width}, {channels}], "
        f"pixels 0-255, {CHANNELS.get(channels, f'{channels} channels')}, "
        "resized outside, scaled inside the graph",
        "preprocessing": json.dumps(image_preparation(hasher.image_shape)),
        "unit_length": str(bool(hasher.normalize)).lower(),
        "precision": precision,
    }
    if "scores" in outputs:
        known |= {"scores": describe_scores(hasher), "class_names": ", ".join(hasher.class_names)}
    return {key: str(known[key]) for key in sorted(known)}
