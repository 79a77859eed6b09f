"""Whether two models take and give the same, before their numbers are compared."""

from __future__ import annotations

import dataclasses

from classwise.export.graph.model import Model, Tensor
from classwise.export.graph.signature import BATCH, INPUT, code_bytes
from classwise.export.proof.parity import ParityError
from classwise.zoo.foundation.errors import InputError


def same_tensors(first: Model, second: Model) -> None:
    """Raises `ParityError` unless two models agree in types and shapes, the batch axis apart.

    The batch axis must be a number or the name "batch" in both.
    """
    expected: dict[str, Tensor] = {}
    for signature in first.signatures:
        expected |= signature.inputs | signature.outputs
    if "embedding" in expected:
        code_length = expected["embedding"].shape[1]
        expected.setdefault("code", Tensor("uint8", (BATCH, code_bytes(code_length))))
    for model in (first, second):
        for signature in model.signatures:
            batch = signature.inputs[INPUT].shape[0]
            for name, tensor in (signature.inputs | signature.outputs).items():
                wanted = dataclasses.replace(
                    expected.get(name, tensor),
                    shape=(
                        batch if isinstance(batch, int) else BATCH,
                        *expected.get(name, tensor).shape[1:],
                    ),
                )
                if tensor != wanted:
                    raise ParityError(f"The models differ: {name} is {tensor}, not {wanted}.")
    ours, theirs = outputs(first), outputs(second)
    hashes = {"embedding", "code"}  # each can be compared with the other
    if not ours & theirs and not (ours & hashes and theirs & hashes):
        raise InputError(f"{first.source} and {second.source} have no output in common to compare.")


def outputs(model: Model) -> set[str]:
    """Returns the names of all outputs of a model."""
    return {name for signature in model.signatures for name in signature.outputs}
