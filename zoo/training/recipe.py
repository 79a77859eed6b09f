"""Recipes: everything that decides a training, as one short TOML file."""

import dataclasses
import inspect
import math
import re
import tomllib
from importlib import resources
from pathlib import Path

from classwise.zoo.codes import check_code_length
from classwise.zoo.errors import InputError, unknown_name

SCHEDULES = ("cosine", "constant")
CENTER_UPDATES = ("streaming", "exact")


def check(holds: bool, name: str, value, allowed: str):
    if not holds:
        raise InputError(f"{name} is {value!r}; it must be {allowed}.")


def number(value, least: float) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) and value >= least


def whole(value, least: int) -> bool:
    return isinstance(value, int) and number(value, least)


@dataclasses.dataclass(frozen=True)
class Augmentation:
    """Random changes of a training image: mirror it, shift it by up to `shift` pixels."""

    flip: bool = False
    shift: int = 0

    def __post_init__(self):
        check(isinstance(self.flip, bool), "augmentation.flip", self.flip, "true or false")
        check(whole(self.shift, 0), "augmentation.shift", self.shift, "0 or more pixels")


@dataclasses.dataclass(frozen=True)
class Optimizer:
    """A Keras optimiser by name, its rate after warm-up, and how the rate falls to the end."""

    name: str = "adamw"
    learning_rate: float = 0.001
    weight_decay: float = 0.0
    warmup_epochs: float = 0
    schedule: str = "cosine"

    def __post_init__(self):
        for field in ("learning_rate", "weight_decay", "warmup_epochs"):
            least = 1e-12 if field == "learning_rate" else 0
            value = getattr(self, field)
            check(number(value, least), f"optimizer.{field}", value, "a number of 0 or more")
        if self.schedule not in SCHEDULES:
            raise unknown_name("schedule", self.schedule, SCHEDULES)


@dataclasses.dataclass(frozen=True)
class Centers:
    """How class centres are re-estimated (`classwise.losses.CenterUpdate`), and how often."""

    update: str = "streaming"
    every: int = 1

    def __post_init__(self):
        check(whole(self.every, 1), "centers.every", self.every, "1 or more epochs")
        if self.update not in CENTER_UPDATES:
            raise unknown_name("center update", self.update, CENTER_UPDATES)


@dataclasses.dataclass(frozen=True)
class Stage:
    """Some epochs with one setting of the loss."""

    epochs: int
    loss: dict = dataclasses.field(default_factory=dict)

    def __post_init__(self):
        check(whole(self.epochs, 1), "stages.epochs", self.epochs, "1 or more")
        check(isinstance(self.loss, dict), "stages.loss", self.loss, "a table of settings")


@dataclasses.dataclass(frozen=True)
class Recipe:
    """Computes nothing: names the data, the model, the loss stages and the optimiser of a training.

    Args:
        name: the file's stem, and the name of the preset that it makes.
        method: `"dcwh"` or `"vmf"`.
        protocol: a name of `zoo.list_protocols()`, or `"folder"` for an image folder with one
            sub-folder a class, which the training is then given.
        backbone: a name of `zoo.backbones.BACKBONES`.
        trunk: a preset whose trained backbone the training starts from; None starts from scratch.
        code_length: L, 1 to 4,096 bits.
        stages: what is trained, in this order.
        optimizer: one optimiser for all stages, its schedule running over all their epochs.
        augmentation, centers: see there.
        batch_size: images a step, 1 or more. Defaults to 128.
        seed: of the initial weights and centres, the order of images, the augmentation.
        image_shape: [height, width, channels] that the images of a folder are brought to.

    Raises:
        InputError: a value is out of range, a name or a key unknown.
    """

    name: str
    method: str
    protocol: str
    backbone: str
    code_length: int
    stages: tuple[Stage, ...]
    optimizer: Optimizer = Optimizer()
    augmentation: Augmentation = Augmentation()
    centers: Centers = Centers()
    batch_size: int = 128
    seed: int = 0
    trunk: str | None = None
    image_shape: tuple[int, int, int] | None = None

    def __post_init__(self):
        check_code_length(self.code_length)
        check(whole(self.batch_size, 1), "batch_size", self.batch_size, "1 or more")
        check(whole(self.seed, 0) and self.seed < 2**32, "seed", self.seed, "from 0 to 2^32 - 1")
        for key in ("name", "method", "protocol", "backbone"):
            check(isinstance(getattr(self, key), str), key, getattr(self, key), "text")
        check(self.trunk is None or isinstance(self.trunk, str), "trunk", self.trunk, "text")
        check(len(self.stages) > 0, "stages", 0, "one or more [[stages]] tables")
        if self.protocol == "folder":
            shape = self.image_shape
            shaped = isinstance(shape, list | tuple) and len(shape) == 3
            shaped = shaped and all(whole(size, 1) for size in shape)
            check(shaped, "image_shape", shape, "[height, width, channels] for an image folder")

    @property
    def epochs(self) -> int:
        """Epochs of all stages together."""
        return sum(stage.epochs for stage in self.stages)

    def to_dict(self) -> dict:
        """Returns the recipe as JSON types."""
        return dataclasses.asdict(self)


def list_recipes() -> list[str]:
    """Returns the names of the bundled recipes."""
    files = resources.files("classwise.zoo.training") / "recipes"
    return sorted(Path(f.name).stem for f in files.iterdir() if f.name.endswith(".toml"))


def read_recipe(name_or_path: str | Path, **changes) -> Recipe:
    """Reads a bundled recipe by its name, or any recipe file.

    Args:
        name_or_path: a name of `list_recipes()`, or the path of a `.toml` file.
        changes: values that replace the file's, such as `seed=1`; None keeps the file's.

    Raises:
        InputError: no such recipe, not TOML, a key or a value that a recipe does not have.

    Example:

    >>> read_recipe("dcwh_resnet20_fashion_mnist_48", code_length=16).code_length
    16
    """
    path = Path(name_or_path)
    if path.suffix == ".toml":
        if not path.is_file():
            raise InputError(f"There is no recipe file {path}.")
    elif str(name_or_path) in list_recipes():
        path = resources.files("classwise.zoo.training") / "recipes" / f"{name_or_path}.toml"
    else:
        raise unknown_name("recipe", str(name_or_path), list_recipes())
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path.name} is not a TOML file: {error}.") from error
    values |= {key: value for key, value in changes.items() if value is not None}
    for key, table in (
        ("optimizer", Optimizer),
        ("augmentation", Augmentation),
        ("centers", Centers),
    ):
        if key in values:
            values[key] = build(table, values[key], f"{path.name} [{key}]")
    stages = values.get("stages", [])
    check(isinstance(stages, list), "stages", stages, "[[stages]] tables")
    values["stages"] = tuple(build(Stage, stage, f"{path.name} [[stages]]") for stage in stages)
    name = Path(path.name).stem
    if changes.get("code_length") is not None:
        # The name says the code length: the changed recipe makes another preset.
        name = f"{re.sub(r'_[0-9]+$', '', name)}_{values['code_length']}"
    return build(Recipe, {"name": name, **values}, path.name)


def build(table: type, values: dict, where: str):
    """Returns `table(**values)`, or raises `InputError` for a key too many or too few."""
    if not isinstance(values, dict):
        raise InputError(f"{where} is {values!r}; it must be a table of keys and values.")
    known = inspect.signature(table).parameters
    for key in values:
        if key not in known:
            raise unknown_name(f"key in {where}", key, known)
    for key, parameter in known.items():
        if parameter.default is parameter.empty and key not in values:
            raise InputError(f"{where} lacks the key '{key}'.")
    return table(**values)
