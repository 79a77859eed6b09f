"""The tables of a recipe: lists, augmentation, optimizer, centers, teacher, stages."""

import dataclasses
import reprlib
import sys

from classwise.zoo.foundation.errors import InputError, unknown_name
from classwise.zoo.foundation.number_ranges import EPOCHS, SHIFTS, Numbers

SCHEDULES = ("cosine", "constant")
CENTER_UPDATES = ("streaming", "exact")
SHOWN = reprlib.Repr()
SHOWN.maxstring = 80  # characters of a value in a message, a preset's name among them


def check(holds: bool, name: str, value, allowed: object):
    if not holds:
        raise InputError(f"{name} is {SHOWN.repr(value)}; it must be {allowed}.")


def at_least(value, least: float) -> bool:
    return value in Numbers(least, sys.float_info.max)


@dataclasses.dataclass(frozen=True)
class Augmentation:
    """Random changes of a training image, in this order.

    Args:
        flip: mirror it left to right, with probability 1/2. Defaults to False.
        shift: move it by up to this many pixels along each axis. Defaults to 0.
        erase: side in pixels of a square that is blotted out (`erase_square`). Defaults to 0.
    """

    flip: bool = False
    shift: int = 0
    erase: int = 0

    def __post_init__(self):
        check(isinstance(self.flip, bool), "augmentation.flip", self.flip, "true or false")
        for field in ("shift", "erase"):
            value = getattr(self, field)
            check(value in SHIFTS, f"augmentation.{field}", value, f"{SHIFTS}, of pixels")


@dataclasses.dataclass(frozen=True)
class Optimizer:
    """A Keras optimizer by name, its rate after warm-up, and how the rate falls to the end.

    `thawed_learning_rate` is the rate of the stages with `frozen = false`: they begin with an
    optimizer of their own, whose warm-up and fall are counted from there.
    """

    name: str = "adamw"
    learning_rate: float = 0.001
    thawed_learning_rate: float | None = None
    weight_decay: float = 0.0
    warmup_epochs: float = 0
    schedule: str = "cosine"

    def __post_init__(self):
        check(isinstance(self.name, str), "optimizer.name", self.name, "text")
        warmup = Numbers(0, EPOCHS.most)
        check(self.warmup_epochs in warmup, "optimizer.warmup_epochs", self.warmup_epochs, warmup)
        for field in ("learning_rate", "thawed_learning_rate", "weight_decay"):
            least = 1e-12 if field.endswith("learning_rate") else 0
            value = getattr(self, field)
            allowed = "a number above 0" if least else "a number of 0 or more"
            left_out = value is None and field == "thawed_learning_rate"
            check(left_out or at_least(value, least), f"optimizer.{field}", value, allowed)
        if self.schedule not in SCHEDULES:
            raise unknown_name("schedule", self.schedule, SCHEDULES)


@dataclasses.dataclass(frozen=True)
class Centers:
    """How class centers are re-estimated (`classwise.losses.CenterUpdate`), and how often."""

    update: str = "streaming"
    every: int = 1

    def __post_init__(self):
        check(self.every in EPOCHS, "centers.every", self.every, f"{EPOCHS}, of epochs")
        if self.update not in CENTER_UPDATES:
            raise unknown_name("center update", self.update, CENTER_UPDATES)


@dataclasses.dataclass(frozen=True)
class Distillation:
    """A teacher, whose embeddings are learned beside the labels (`Student`).

    Args:
        teacher: a preset of the same method, code length and classes; images are brought to its
            size.
        weight: of the squared distance to its embeddings. Defaults to 0.25.
    """

    teacher: str
    weight: float = 0.25

    def __post_init__(self):
        check(isinstance(self.teacher, str), "distillation.teacher", self.teacher, "a preset")
        positive = at_least(self.weight, 0) and self.weight > 0
        check(positive, "distillation.weight", self.weight, "a number above 0")


@dataclasses.dataclass(frozen=True)
class Lists:
    """Text files that name images and labels, as the protocol `"lists"` and those of lists take.

    Args:
        training: images to learn from; a tenth of them validates.
        database, queries: images that answer and ask, which training images are compared with.
        root: folder that paths in them start from. Defaults to the folder of the lists.
        class_names: a text file with a name a line. Defaults to "0", "1", ...
    """

    training: str
    database: str | None = None
    queries: str | None = None
    root: str | None = None
    class_names: str | None = None

    def __post_init__(self):
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            given = isinstance(value, str) and value != ""
            left_out = value is None and field.name != "training"
            check(given or left_out, f"lists.{field.name}", value, "a path")

    def files(self) -> dict[str, str]:
        """Returns the lists that are given, by role."""
        roles = {role: getattr(self, role) for role in ("training", "database", "queries")}
        return {role: file for role, file in roles.items() if file is not None}


@dataclasses.dataclass(frozen=True)
class Stage:
    """Some epochs with one setting of the loss.

    `frozen = false`, for the last stages of a recipe with `frozen_until`, trains everything.
    """

    epochs: int
    loss: dict = dataclasses.field(default_factory=dict)
    frozen: bool = True

    def __post_init__(self):
        check(self.epochs in EPOCHS, "stages.epochs", self.epochs, EPOCHS)
        check(isinstance(self.frozen, bool), "stages.frozen", self.frozen, "true or false")
        check(isinstance(self.loss, dict), "stages.loss", self.loss, "a table of settings")
