"""Recipes: everything that decides a training."""

import dataclasses
import inspect
import json

from classwise.zoo.foundation.errors import InputError, unknown_name
from classwise.zoo.foundation.number_ranges import (
    BATCH_SIZES,
    HIDDEN_UNITS,
    IMAGE_SIDES,
    ITERATIONS,
    SEEDS,
    VIEWS,
)
from classwise.zoo.methods import get_method
from classwise.zoo.training.recipe_tables import (
    Augmentation,
    Centers,
    Distillation,
    Lists,
    Optimizer,
    Stage,
    check,
)

PRECISIONS = ("float32", "mixed_bfloat16")
BATCH_NORMS = ("inference", "training")
LATE_TURN = "0 where the first stage pulls to vertices, which a rotation would leave"
TRUNK_ENDING = "_trunk"  # of the names of recipes that train a trunk


@dataclasses.dataclass(frozen=True)
class Recipe:
    """Computes nothing: names the data, the model, the loss stages and the optimizer of a training.

    Args:
        name: the file's stem, and the name of the preset that it makes; of a trunk, where it ends
            in `_trunk`.
        method: a name of `zoo.methods.METHODS`.
        protocol: a name of `zoo.list_protocols()`, or `"folder"` for an image folder with one
            sub-folder a class, which the training is then given; `"lists"`, or a protocol that is
            shared as lists (`LIST_PROTOCOLS`), for text files that name images.
        backbone: a name of `zoo.backbones.BACKBONES`.
        trunk: a preset whose trained backbone the training starts from; None starts from scratch.
        code_length: L, 1 to 4,096 bits.
        stages: what is trained, in this order.
        optimizer: one optimizer for all stages, its schedule running over all their epochs.
        augmentation, centers: see there.
        distillation: a teacher to learn from; with one, class centers start from the teacher's.
            None learns from labels alone.
        lists: the files of a protocol of lists, unless the training is given them.
        hidden_units: of a hidden layer below the hash layer. Defaults to 0: none.
        itq_iterations: of iterative quantization, which turns the embedding for its signs' sake
            (`fit_itq`): before the first stage whose loss pulls to vertices, else when all stages
            are done. Defaults to 0: none.
        batch_size: images a step, 1 or more. Defaults to 128.
        seed: of the initial weights and centers, the order of images, the augmentation.
        batch_norm: whether the backbone's batch normalization keeps the statistics it comes with,
            `"inference"`, or learns new ones, `"training"`. Defaults to None: the former on a
            trunk, the latter from random weights.
        frozen_until: name of the trunk's last layer that is not trained; its output is computed
            once, so that an epoch costs what the layers above cost. None trains everything, as do
            stages with `frozen = false`.
        cached_views: with `frozen_until`, how many views of every training image that output is
            computed for, 2 or more: the plain image, then augmented ones; epochs take them in turn.
            None caches the plain image and, with `flip`, its mirror image.
        precision: what the backbone computes in while it trains: "float32", or "mixed_bfloat16",
            for processors that have bfloat16. The finished hasher computes in float32.
        image_shape: [height, width, channels] that images are brought to; those of a folder need
            it, those of a protocol have a size of their own.

    Raises:
        InputError: a value is out of range, a name or a key unknown.
    """

    name: str
    method: str
    protocol: str
    backbone: str
    code_length: int
    stages: tuple[Stage, ...]
    optimizer: Optimizer = dataclasses.field(default_factory=Optimizer)
    augmentation: Augmentation = dataclasses.field(default_factory=Augmentation)
    centers: Centers = dataclasses.field(default_factory=Centers)
    distillation: Distillation | None = None
    lists: Lists | None = None
    hidden_units: int = 0
    itq_iterations: int = 0
    batch_size: int = 128
    seed: int = 0
    trunk: str | None = None
    batch_norm: str | None = None
    frozen_until: str | None = None
    cached_views: int | None = None
    precision: str = "float32"
    image_shape: tuple[int, int, int] | None = None

    def __post_init__(self):
        from classwise.zoo.foundation.codes import (
            check_code_length,  # imports NumPy: not for --help
        )

        check_code_length(self.code_length)
        check(self.hidden_units in HIDDEN_UNITS, "hidden_units", self.hidden_units, HIDDEN_UNITS)
        check(self.itq_iterations in ITERATIONS, "itq_iterations", self.itq_iterations, ITERATIONS)
        check(self.batch_size in BATCH_SIZES, "batch_size", self.batch_size, BATCH_SIZES)
        check(self.seed in SEEDS, "seed", self.seed, SEEDS)
        for key in ("name", "method", "protocol", "backbone"):
            check(isinstance(getattr(self, key), str), key, getattr(self, key), "text")
        # It names a folder, inside the one that people are in.
        own = self.name not in ("", ".", "..") and not set(self.name) & set("/\\\0")
        check(own, "name", self.name, "a name of a folder, not a path")
        get_method(self.method)
        for key in ("trunk", "frozen_until"):
            value = getattr(self, key)
            check(value is None or isinstance(value, str), key, value, "text")
        if self.precision not in PRECISIONS:
            raise unknown_name("precision", self.precision, PRECISIONS)
        if self.batch_norm not in (None, *BATCH_NORMS):
            raise unknown_name("batch_norm", self.batch_norm, BATCH_NORMS)
        if self.frozen_until is not None:
            check(self.precision == "float32", "precision", self.precision, "float32 where frozen")
        check(len(self.stages) > 0, "stages", 0, "one or more [[stages]] tables")
        if needs_image_shape(self.protocol) or self.image_shape is not None:
            shape = self.image_shape
            shaped = isinstance(shape, list | tuple) and len(shape) == 3
            shaped = shaped and all(size in IMAGE_SIDES for size in shape or ())
            check(shaped, "image_shape", shape, "[height, width, channels] (for files)")
        if self.frozen_until is not None:
            check(self.trunk is not None, "trunk", None, "a preset or trunk, to freeze its layers")
            taught = self.distillation and self.distillation.teacher
            check(taught is None, "distillation", taught, "left out where layers are frozen")
        check(self.turned_before != 0, "itq_iterations", self.itq_iterations, LATE_TURN)
        self._check_thaw()
        if self.cached_views is not None:
            check(self.cached_views in VIEWS, "cached_views", self.cached_views, VIEWS)
            check(
                self.frozen_until is not None, "frozen_until", None, "a layer, to cache its views"
            )
            changed = self.augmentation != Augmentation()
            check(changed, "augmentation", None, "given, for views to differ")
            most = f"at most the {self.frozen_epochs} epochs, which take them in turn"
            check(self.cached_views <= self.frozen_epochs, "cached_views", self.cached_views, most)
        elif self.frozen_until is not None:
            moved = self.augmentation.shift or self.augmentation.erase
            check(not moved, "augmentation", moved, "flip only, or cached_views given")

    def _check_thaw(self):
        frozen = [stage.frozen for stage in self.stages]
        rate, thaws = self.optimizer.thawed_learning_rate, not all(frozen)
        if thaws:
            check(self.frozen_until is not None, "frozen_until", None, "a layer, to be thawed")
            ordered = frozen[0] and frozen == sorted(frozen, reverse=True)
            check(ordered, "stages.frozen", frozen, "true first, then false")
        allowed = "given, for stages with frozen = false" if thaws else "left out: none is thawed"
        check((rate is not None) == thaws, "optimizer.thawed_learning_rate", rate, allowed)

    @property
    def thaws_at(self) -> int | None:
        """The number of the first stage that trains what was frozen before, None if none does."""
        frozen = [stage.frozen for stage in self.stages]
        return None if all(frozen) else frozen.index(False)

    def rounds(self, number: int) -> range:
        """Returns which epochs a stage has, counted from 0 on over all stages."""
        begin = sum(stage.epochs for stage in self.stages[:number])
        return range(begin, begin + self.stages[number].epochs)

    @property
    def frozen_epochs(self) -> int:
        """Epochs before layers that were frozen train too, all where none does."""
        return sum(stage.epochs for stage in self.stages if stage.frozen)

    @property
    def turned_before(self) -> int | None:
        """The number of the stage that ITQ comes before; their count for after the last one."""
        if not self.itq_iterations:
            return None
        return [*(bool(stage.loss.get("vertex_weight")) for stage in self.stages), True].index(True)

    @property
    def makes_trunk(self) -> bool:
        """Whether it trains a trunk, which other recipes' hash layers stand on."""
        return self.name.endswith(TRUNK_ENDING)

    @property
    def epochs(self) -> int:
        """Epochs of all stages together."""
        return sum(stage.epochs for stage in self.stages)

    def to_dict(self) -> dict:
        """Returns the recipe as JSON types, which `build_recipe` takes back."""
        return json.loads(json.dumps(dataclasses.asdict(self)))


def needs_image_shape(protocol: object) -> bool:
    """Whether a protocol's images are files, which have no size of their own."""
    from classwise.zoo.datasets.listed_protocols import is_of_lists  # NumPy: not for --help

    return protocol == "folder" or is_of_lists(protocol)


TABLES = {
    "optimizer": Optimizer,
    "augmentation": Augmentation,
    "centers": Centers,
    "distillation": Distillation,
    "lists": Lists,
}


def build_recipe(values: dict, where: str) -> Recipe:
    """Builds a recipe from JSON or TOML types; keys that are not there take their defaults.

    Args:
        values: the recipe's keys, as `Recipe.to_dict` gives them.
        where: what the values come from, for messages.

    Raises:
        InputError: a key or a value that a recipe does not have.
    """
    check(isinstance(values, dict), where, values, "a table of keys and values")
    values = dict(values)
    for key, table in TABLES.items():
        if key in values and not (values[key] is None and key in ("distillation", "lists")):
            values[key] = build(table, values[key], f"{where} [{key}]")
    stages = values.get("stages", [])
    check(isinstance(stages, list), "stages", stages, "[[stages]] tables")
    values["stages"] = tuple(build(Stage, stage, f"{where} [[stages]]") for stage in stages)
    return build(Recipe, values, where)


def build(table: type, values: dict, where: str):
    """Returns `table(**values)`, or raises `InputError` for a key unknown, or all that it lacks."""
    if not isinstance(values, dict):
        raise InputError(f"{where} is {values!r}; it must be a table of keys and values.")
    known = inspect.signature(table).parameters
    for key in values:
        if key not in known:
            raise unknown_name(f"key in {where}", key, known)
    needed = [key for key, parameter in known.items() if parameter.default is parameter.empty]
    if needs_image_shape(values.get("protocol")):
        needed.append("image_shape")
    missing = [f"'{key}'" for key in needed if values.get(key, ()) in ((), None)]
    if missing:
        keys = "key" if len(missing) == 1 else "keys"
        raise InputError(f"{where} lacks the {keys} {', '.join(missing)}.")
    return table(**values)
