"""What a hasher takes and gives, in whichever format: checked before anything is run."""

from __future__ import annotations

import dataclasses

from classwise.export.graph.signature import ALL_OUTPUTS, BATCH, INPUT, code_bytes
from classwise.export.proof.parity import ParityError
from classwise.export.proof.runtimes.model import Model, Tensor
from classwise.zoo.foundation.errors import InputError

#: Type and number of axes of every input and output.
CONTRACT = {
    INPUT: ("uint8", 4),
    "embedding": ("float32", 2),
    "code": ("uint8", 2),
    "scores": ("float32", 2),
}


def check_contract(model: Model) -> None:
    """Raises `InputError` unless a model takes images and gives what a hasher gives."""
    if not model.signatures:
        raise InputError(f"{model.source} has no signature to call; export it with classwise.")
    for signature in model.signatures:
        inputs, given = set(signature.inputs), set(signature.outputs)
        if inputs != {INPUT} or not given or not given <= set(ALL_OUTPUTS):
            raise InputError(
                f"{model.source} takes {sorted(inputs)} and gives {sorted(given)}; a hasher "
                f"exported by classwise takes ['{INPUT}'] and gives some of {list(ALL_OUTPUTS)}."
            )
        for name, tensor in (signature.inputs | signature.outputs).items():
            dtype, rank = CONTRACT[name]
            fixed = all(isinstance(size, int) for size in tensor.shape[1:])
            if (tensor.dtype, len(tensor.shape)) != (dtype, rank) or not fixed:
                raise InputError(
                    f"{model.source} has {name} {tensor}; a hasher exported by classwise has "
                    f"{dtype} with {rank} axes, all but the first of fixed size."
                )


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
