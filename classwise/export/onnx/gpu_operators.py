"""Which ONNX operators run on a GPU: the rest would send tensors to the CPU and back."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import onnx

LIST = Path(__file__).with_name("gpu_operators.json")


@functools.cache
def gpu_operators() -> dict[str, frozenset[str]]:
    """Returns the supported operators by execution provider of ONNX Runtime, "cuda" and so on."""
    providers = json.loads(LIST.read_text(encoding="utf-8"))["providers"]
    return {name: frozenset(entry["operators"]) for name, entry in providers.items()}


def cpu_only_operators(model: onnx.ModelProto) -> dict[str, list[str]]:
    """Returns the operators of a model that some GPU provider lacks, with those providers.

    Operators of other domains than ONNX's own count as lacking everywhere.
    """
    used = {(node.domain, node.op_type) for node in model.graph.node}
    lacking = {
        operator: [
            provider
            for provider, operators in gpu_operators().items()
            if domain or operator not in operators
        ]
        for domain, operator in sorted(used)
    }
    return {operator: providers for operator, providers in lacking.items() if providers}
