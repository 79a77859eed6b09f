"""What somebody asks a fitting for, checked before anything heavy is loaded."""

from __future__ import annotations

import dataclasses
import os

from classwise.zoo.fitting.fitting_plan import FEWEST_PHOTOS, FittingPlan
from classwise.zoo.fitting.trunk_encoder import DEFAULT_TRUNK, find_trunk
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.extras import look_for
from classwise.zoo.foundation.integers import as_integer
from classwise.zoo.foundation.number_ranges import CODE_LENGTHS, IMAGE_SIDES, SEEDS
from classwise.zoo.foundation.printing import counted
from classwise.zoo.methods import DEFAULT_METHOD, METHODS_OF_MEANS, get_method
from classwise.zoo.presets.find_model import FoundModel


@dataclasses.dataclass(frozen=True)
class FittingRequest:
    """What a fitting is asked for.

    Args:
        code_length: L, 1 to 4,096 bits.
        method: a name of `zoo.methods.METHODS_OF_MEANS`.
        seed: an integer from 0 on.
        trunk: a trunk's or a preset's name, or a hasher of one's own, whose backbone is meant.
        image_size: pixels S x S of the images; None for what the trunk was trained on.
        plan: everything else.

    Raises:
        InputError: one of them is out of its range, there is no such method or trunk, or faiss is
            not installed.
    """

    code_length: int = 64
    method: str = DEFAULT_METHOD
    seed: int = 0
    trunk: str | os.PathLike = DEFAULT_TRUNK
    image_size: int | None = None
    plan: FittingPlan = dataclasses.field(default_factory=FittingPlan)

    def __post_init__(self):
        if get_method(self.method).fixed_centers:
            raise InputError(
                f"method is {self.method!r}, whose class centers never move, so that no clusters "
                f"can take their place; fit by {' or '.join(METHODS_OF_MEANS)}."
            )
        ranges = {"code_length": CODE_LENGTHS, "seed": SEEDS}
        if self.image_size is not None:
            ranges["image_size"] = IMAGE_SIDES
        for name, allowed in ranges.items():
            value = as_integer(getattr(self, name))
            if value not in allowed:
                raise InputError(f"{name} is {getattr(self, name)!r}; it must be {allowed}.")
            object.__setattr__(self, name, value)
        find_trunk(self.trunk)
        look_for("faiss", "fit")

    @property
    def found_trunk(self) -> FoundModel:
        """What the name of the trunk stands for."""
        return find_trunk(self.trunk)


def check_enough(photos: int, different: int | None = None) -> None:
    """Raises `InputError` unless there are enough photos to fit a hasher to."""
    enough = photos if different is None else different
    if enough < FEWEST_PHOTOS:
        same = f", {different:,} of them different" if enough < photos else ""
        raise InputError(
            f"There are {counted(photos, 'image')}{same}; a hasher is fitted to {FEWEST_PHOTOS} "
            "different ones or more: add images, or take a preset."
        )
