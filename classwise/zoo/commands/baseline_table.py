"""A hasher beside baselines, as `classwise evaluate` prints it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from classwise.zoo.foundation.extras import pip_command
from classwise.zoo.foundation.printing import four_digits, print_note, print_table

if TYPE_CHECKING:
    from classwise.zoo.evaluation.evaluate import EncodedSets


def note_missing(sets: EncodedSets) -> None:
    """Says which baselines are left out, and that the others take a while."""
    from classwise.zoo.evaluation.encoder_with_material import FEATURES, PERCEPTUAL_HASHES

    if sets.material is None:
        return
    if FEATURES not in sets.material:
        print_note(
            "An exported file gives no features of its trunk: baselines made of these are left "
            "out; evaluate the preset or the .keras file for them."
        )
    if PERCEPTUAL_HASHES not in sets.material:
        print_note(f"pHash is left out, which needs imagehash: {pip_command('phash')}")
    print_note("Comparing with baselines; clusters of many classes take minutes ...")


def print_baselines(model: str, results: dict[str, dict]) -> None:
    """Prints a column for the hasher, its embeddings and every baseline, then what they are."""
    from classwise.zoo.retrieval.leave_one_out import leave_one_out_title

    names = list(next(iter(results.values()))["metrics"])
    print_table(
        f"{model} beside baselines",
        ["metric", *(f">{contender}" for contender in results)],
        (
            [
                leave_one_out_title(name),
                *(four_digits(found["metrics"][name]["expected"]) for found in results.values()),
            ]
            for name in names
        ),
    )
    for contender, found in results.items():
        print(f"{contender}: {found['title']}")
