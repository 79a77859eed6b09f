"""What a hasher takes and gives, in whichever format: checked before anything is run."""

from __future__ import annotations

from classwise.export.graph.model import Model
from classwise.export.graph.signature import ALL_OUTPUTS, INPUT
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
