"""The table of presets: one JSON file a family, beside the files that it names."""

import dataclasses
import json
from functools import cache
from importlib import resources
from pathlib import Path

from classwise.zoo.errors import InputError, unknown_name

FORMAT_VERSION = 1
FOLDER = Path(str(resources.files("classwise.zoo.presets")))


@dataclasses.dataclass(frozen=True)
class Preset:
    """One pretrained hasher: where its file is, what it was trained on, what it measured.

    Args:
        name: `{method}_{backbone}_{dataset}_{code length}`.
        method, backbone, dataset, protocol, code_length: what was trained, on what.
        image_shape: (height, width, channels) of the images that it takes, uint8.
        class_names: one a class.
        file: path of the `.keras` file inside the presets folder.
        bytes, sha256: size and checksum of that file.
        metrics: what `classwise evaluate` measured under `protocol`, by name, with the tie band.
        excluded_queries: of the protocol; they are in no metric.
        code_statistics: of the database codes; see `CodeStatistics`.
        accuracy: of the nearest class centre, by kind of distance.
        embedding_metrics: by cosine similarity; see `evaluate_embeddings`.
        seed: of the training.
        recipe: all settings of the training.
        training: epochs, minutes, the selected epoch and its validation accuracy.
        versions: of the packages that made it.
        license: of the weights.
    """

    name: str
    method: str
    backbone: str
    dataset: str
    protocol: str
    code_length: int
    image_shape: tuple[int, int, int]
    class_names: tuple[str, ...]
    file: str
    bytes: int
    sha256: str
    metrics: dict
    excluded_queries: int
    code_statistics: dict
    accuracy: dict
    embedding_metrics: dict
    seed: int
    recipe: dict
    training: dict
    versions: dict
    license: str

    @property
    def path(self) -> Path:
        """Where the bundled file lies."""
        return FOLDER / self.file

    def to_dict(self) -> dict:
        """Returns the entry as JSON types."""
        return json.loads(json.dumps(dataclasses.asdict(self)))


@cache
def presets() -> dict[str, Preset]:
    """Returns all presets by name, in alphabetical order.

    Raises:
        InputError: a table of a newer format than this version of classwise reads.
    """
    found = {}
    for file in sorted(FOLDER.glob("*.json")):
        table = json.loads(file.read_text(encoding="utf-8"))
        if table["format_version"] > FORMAT_VERSION:
            raise InputError(
                f"{file.name} has format version {table['format_version']}; this classwise reads "
                f"up to {FORMAT_VERSION}: upgrade it."
            )
        for name, entry in table["presets"].items():
            entry["image_shape"] = tuple(entry["image_shape"])
            entry["class_names"] = tuple(entry["class_names"])
            found[name] = Preset(name=name, **entry)
    return dict(sorted(found.items()))


def list_models(
    method: str | None = None,
    dataset: str | None = None,
    code_length: int | None = None,
    backbone: str | None = None,
) -> list[str]:
    """Returns the names of the presets that have all the given properties.

    Example:

    >>> list_models(method="dcwh", dataset="fashion_mnist", code_length=48)
    ['dcwh_resnet20_fashion_mnist_48']
    """
    wanted = {
        "method": method,
        "dataset": dataset,
        "code_length": code_length,
        "backbone": backbone,
    }
    wanted = {key: value for key, value in wanted.items() if value is not None}
    return [
        name
        for name, preset in presets().items()
        if all(getattr(preset, key) == value for key, value in wanted.items())
    ]


def get_preset(name: str) -> Preset:
    """Returns the entry of a preset.

    Raises:
        InputError: no such preset; the nearest name is suggested.
    """
    if name not in presets():
        raise unknown_name("preset", name, presets())
    return presets()[name]
