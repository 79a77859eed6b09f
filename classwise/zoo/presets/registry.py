"""The table of presets and their trunks: one JSON file a family, beside the files it names."""

import dataclasses
import json
from functools import cache
from importlib import resources
from pathlib import Path

from classwise.zoo.foundation.errors import InputError, unknown_name

FORMAT_VERSION = 1
FOLDER = Path(str(resources.files("classwise.zoo.presets")))


@dataclasses.dataclass(frozen=True)
class WeightFile:
    """A file of weights: its path inside the presets folder, its size, its SHA-256."""

    file: str
    bytes: int
    sha256: str


@dataclasses.dataclass(frozen=True)
class Trunk(WeightFile):
    """A trained backbone, stored once for all the hashers on it.

    Args:
        name: `{method}_{backbone}_{dataset}`, or `{backbone}_{dataset}` of a classifier's.
        backbone: a name of `zoo.backbones.BACKBONES`.
        dataset: what it was trained on.
        image_shape: (height, width, channels) of the images that trained it.
        origin: one sentence that says how it came about.
        license: of the weights.
        crop: side of the square that its authors cut from an image's center before they resized it,
            as a share of the shorter side; None where the whole shorter side was taken.
        classifier: the last layer that it was trained with; see `load_classifier`. None where it is
            not kept.
        recipe, training, versions: as of a preset; None of weights that no recipe trained.
        other_seeds: validation accuracy of other trainings of the recipe, by seed.
    """

    name: str
    backbone: str
    dataset: str
    image_shape: tuple[int, int, int]
    origin: str
    license: str
    crop: float | None = None
    classifier: WeightFile | None = None
    recipe: dict | None = None
    training: dict | None = None
    versions: dict | None = None
    other_seeds: dict = dataclasses.field(default_factory=dict)

    @property
    def accuracies(self) -> list[float]:
        """Validation accuracy of all seeds of the recipe that trained it, the least first."""
        own = [] if self.training is None else [self.training["val_accuracy"]]
        return sorted([*own, *self.other_seeds.values()])

    @property
    def files(self) -> tuple[WeightFile, ...]:
        """All its files: the backbone's weights, then the classifier's, if it is kept."""
        return (self,) if self.classifier is None else (self, self.classifier)


@dataclasses.dataclass(frozen=True)
class Preset(WeightFile):
    """One pretrained hasher: where its weights are, what it was trained on, what it measured.

    Args:
        name: `{method}_{backbone}_{dataset}_{code length}`.
        method, backbone, dataset, protocol, code_length: what was trained, on what.
        image_shape: (height, width, channels) of the images that it takes, uint8.
        class_names: one a class.
        trunk: the name of its backbone's weights; `file` has those of head and centers.
        storage: type of the stored trunk, and the share of the queries' bits that it changed.
        metrics: what `classwise evaluate` measured under `protocol`, by name, with the tie band.
        excluded_queries: of the protocol; they are in no metric.
        per_class: mAP of every class's queries, and accuracy of its nearest center; how many
            queries it has, where classes differ in that.
        confusions: the most frequent errors of the nearest center, [class, taken for, queries].
        code_statistics: of the database codes; see `CodeStatistics`.
        accuracy: of the nearest class center, by kind of distance.
        embedding_metrics: by cosine similarity; see `evaluate_embeddings`.
        seed: of the training.
        recipe: all settings of the training.
        training: epochs, minutes, cores or device, the selected epoch and its accuracy.
        versions: of the packages that trained it.
        license: of the weights.
        other_seeds: mAP (expected) of other trainings of the recipe on the same trunk, by seed.
        hidden_units: of the hidden layer below its hash layer, 0 for none.
        pools: of a hasher for any photos, the photos that it was learned from, a dict each; empty
            of one that learned the classes of its data set.
        beside: of a hasher for any photos, by protocol, mAP and Recall@1 of its codes, of its
            trunk's features and of PCA + ITQ; see docs/ZOO.md.
        same_kind: of a hasher for any photos, the Hamming `distance` within which two photos are
            taken to show the same kind of thing, and how often others lie within it.
        foreign: how foreign images look to it, by `zoo.methods.foreign_scores`: the `threshold`
            that 1% of its own exceed, the `usual` score that 10% exceed, both None where they would
            not tell, and the shares of its `own` and of `others` beyond; see `presets.foreign`.
    """

    name: str
    method: str
    backbone: str
    dataset: str
    protocol: str
    code_length: int
    image_shape: tuple[int, int, int]
    class_names: tuple[str, ...]
    trunk: str
    storage: dict
    metrics: dict
    excluded_queries: int
    per_class: dict
    confusions: list
    code_statistics: dict
    accuracy: dict
    embedding_metrics: dict
    seed: int
    recipe: dict
    training: dict
    versions: dict
    license: str
    other_seeds: dict = dataclasses.field(default_factory=dict)
    hidden_units: int = 0
    pools: tuple[dict, ...] = ()
    beside: dict = dataclasses.field(default_factory=dict)
    same_kind: dict = dataclasses.field(default_factory=dict)
    foreign: dict = dataclasses.field(default_factory=dict)

    @property
    def for_any_photos(self) -> bool:
        """Whether it was learned from photos of everything, rather than from classes."""
        return bool(self.pools)

    @property
    def tells_foreign(self) -> bool:
        """Whether it can tell which images are foreign to it."""
        return self.foreign.get("threshold") is not None

    @property
    def maps(self) -> list[float]:
        """mAP (expected) of all seeds, the least first."""
        return sorted([self.metrics["map"]["expected"], *self.other_seeds.values()])

    @property
    def files(self) -> tuple[WeightFile, ...]:
        """All files that the hasher needs."""
        return (get_trunk(self.trunk), self)

    @property
    def total_bytes(self) -> int:
        """Size of all its files."""
        return sum(file.bytes for file in self.files)

    def to_dict(self) -> dict:
        """Returns the entry as JSON types, with its trunk's file and all files' bytes."""
        trunk = get_trunk(self.trunk)
        facts = {key: getattr(trunk, key) for key in ("name", "file", "bytes", "sha256")}
        entry = {**dataclasses.asdict(self), "trunk": facts, "total_bytes": self.total_bytes}
        return json.loads(json.dumps(entry))


@cache
def tables() -> tuple[dict[str, Trunk], dict[str, Preset]]:
    """Returns all trunks and all presets by name, in alphabetical order.

    Raises:
        InputError: a table of a newer format than this version of classwise reads.
    """
    found: dict[str, dict] = {"trunks": {}, "presets": {}}
    for file in sorted(FOLDER.glob("*.json")):
        table = json.loads(file.read_text(encoding="utf-8"))
        if table["format_version"] > FORMAT_VERSION:
            raise InputError(
                f"{file.name} has format version {table['format_version']}; this classwise reads "
                f"up to {FORMAT_VERSION}: upgrade it."
            )
        for kind, entry_type in (("trunks", Trunk), ("presets", Preset)):
            for name, entry in table.get(kind, {}).items():
                entry["image_shape"] = tuple(entry["image_shape"])
                if kind == "presets":
                    names = entry["class_names"]
                    if isinstance(names, str):  # a list that hashers share
                        names = table["class_names"][names]
                    entry["class_names"] = tuple(names)
                    entry["pools"] = tuple(entry.get("pools", ()))
                elif "classifier" in entry:
                    entry["classifier"] = WeightFile(**entry["classifier"])
                found[kind][name] = entry_type(name=name, **entry)
    return dict(sorted(found["trunks"].items())), dict(sorted(found["presets"].items()))


def trunks() -> dict[str, Trunk]:
    """Returns all trunks by name."""
    return tables()[0]


def presets() -> dict[str, Preset]:
    """Returns all presets by name."""
    return tables()[1]


def unknown_model(name: str, kind: str = "preset or trunk") -> InputError:
    """Returns the error for what is neither a preset nor a trunk."""
    return unknown_name(kind, name, [*presets(), *trunks()])


def get_preset(name: str) -> Preset:
    """Returns the entry of a preset.

    Raises:
        InputError: no such preset, the nearest name is suggested; or a trunk of this name.
    """
    if name in trunks():
        raise InputError(f"{name} is a trunk, which has no hash layer; choose a preset.")
    if name not in presets():
        raise unknown_model(name)
    return presets()[name]


def get_trunk(name: str) -> Trunk:
    """Returns the entry of a trunk, given its name or that of a preset on it.

    Raises:
        InputError: no such trunk or preset; the nearest name is suggested.
    """
    if name in presets():
        name = presets()[name].trunk
    if name not in trunks():
        raise unknown_model(name)
    return trunks()[name]
