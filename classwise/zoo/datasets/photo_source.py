"""Images of a data set whose sizes differ: in folders of the user's, or in what TFDS prepared."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from classwise.zoo.datasets.encoded_images import EncodedImages
from classwise.zoo.datasets.file_batches import FileBatches
from classwise.zoo.datasets.image_folder import load_folder
from classwise.zoo.datasets.labeled_images import LabeledImages
from classwise.zoo.datasets.tfds_records import Keys, read_records
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.quiet import start_tensorflow

if TYPE_CHECKING:
    from classwise.zoo.datasets.data_set import DataSet

DEFAULT_DATA_DIR = "~/tensorflow_datasets"


@dataclasses.dataclass(frozen=True)
class PhotoSource:
    """A set of images in `DATA_DIR/NAME/SPLIT/CLASS/FILE`; where that is missing, in TFDS's format.

    `DATA_DIR` defaults to TFDS_DATA_DIR, and without that to TFDS's own, `~/tensorflow_datasets`.
    Classes are numbered by their names in lower case, or by their numbers, as TFDS does.

    Args:
        remedy: how to get it, as the end of a sentence.
        tfds_name: its name in TFDS, None where that does not have it.
        tfds_splits: by split, those of TFDS that it is made of, joined by "+".
        tfds_keys: what TFDS calls labels and names.
    """

    remedy: str
    tfds_name: str | None = None
    tfds_splits: dict[str, str] = dataclasses.field(default_factory=dict)
    tfds_keys: Keys = dataclasses.field(default_factory=Keys)
    needs_data_dir: ClassVar[bool] = False

    def load(
        self, data_set: DataSet, split: str, data_dir: str | Path | None, download: bool
    ) -> LabeledImages:
        """Returns all images of a split, decoded when they are used; see `load_split`."""
        place = Path(data_dir or os.environ.get("TFDS_DATA_DIR", DEFAULT_DATA_DIR)).expanduser()
        folder = place / data_set.name / split
        if folder.is_dir():
            photos = self._from_folder(data_set, split, folder)
        elif self.tfds_name and (place / self.tfds_name).is_dir():
            photos = self._from_tfds(data_set, split, place)
        else:
            raise InputError(f"'{folder}' is not a folder; {self.remedy}")
        found = len(photos), photos.num_classes
        expected = data_set.num_images[split], data_set.num_classes
        if found != expected:
            what = "{} images in {} classes where {} in {} are expected"
            raise InputError(
                f"{data_set.name}:{split} in '{place}' holds {what.format(*found, *expected)}; "
                f"{self.remedy}"
            )
        return photos

    def stream(
        self,
        data_set: DataSet,
        split: str,
        batch_size: int,
        data_dir: str | Path | None,
        download: bool,
    ) -> FileBatches:
        """Returns the same images in batches; see `stream_split`."""
        return FileBatches(self.load(data_set, split, data_dir, download), batch_size)

    def _from_folder(self, data_set: DataSet, split: str, folder: Path) -> LabeledImages:
        """Reads one folder; classes that other splits hold are counted too."""
        splits = [folder.parent / name for name in data_set.num_images]
        names = {
            entry.name
            for path in splits
            if path.is_dir()
            for entry in path.iterdir()
            if entry.is_dir() and not entry.name.startswith(".")
        }
        class_names = tuple(sorted(names, key=number_or_name))
        photos = load_folder(folder, data_set.image_shape, class_names=class_names)
        files = [Path(path) for path in photos.images.paths]
        images = EncodedImages(files, data_set.image_shape)
        return dataclasses.replace(photos, name=data_set.name, split=split, images=images)

    def _from_tfds(self, data_set: DataSet, split: str, place: Path) -> LabeledImages:
        """Reads what TFDS prepared; its images stay there until they are used, as they were."""
        start_tensorflow()

        import tensorflow_datasets as tfds
        from tensorflow_datasets.core.read_only_builder import builder_from_files

        try:  # as it was prepared, by whichever version of TFDS
            builder = builder_from_files(self.tfds_name, data_dir=str(place))
        except tfds.core.DatasetNotFoundError as error:
            raise InputError(
                f"{self.tfds_name} is not prepared in '{place}'; run "
                f"tfds.load('{self.tfds_name}', data_dir='{place}') once, or {self.remedy}"
            ) from error
        found = read_records(builder, self.tfds_splits[split], self.tfds_keys)
        return LabeledImages(
            data_set.name,
            split,
            EncodedImages(found.files, data_set.image_shape),
            found.labels,
            np.array(found.names),
            found.class_names,
        )


def number_or_name(name: str) -> tuple[int, str]:
    """Returns a key that orders numbers by their value, before names without regard to case.

    Example:

    >>> sorted(["10", "Faces", "9", "ant"], key=number_or_name)
    ['9', '10', 'ant', 'Faces']
    """
    return (int(name), "") if name.isdecimal() else (1 << 62, name.lower())
