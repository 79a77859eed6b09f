"""Images of a data set that lie in a folder a split, as `load_folder` reads them."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from classwise.zoo.datasets.file_batches import FileBatches
from classwise.zoo.datasets.image_folder import load_folder
from classwise.zoo.datasets.labeled_images import LabeledImages
from classwise.zoo.foundation.errors import InputError

if TYPE_CHECKING:
    from classwise.zoo.datasets.data_set import DataSet


@dataclasses.dataclass(frozen=True)
class SplitFolders:
    """A set of photographs in `DATA_DIR/NAME/SPLIT/CLASS/FILE`, which the user has put there.

    Args:
        remedy: how to get it, as the end of a sentence.
    """

    remedy: str
    needs_data_dir: ClassVar[bool] = True

    def load(
        self, data_set: DataSet, split: str, data_dir: str | Path | None, download: bool
    ) -> LabeledImages:
        """Returns all images of a split in memory, at the size of `data_set`; see `load_split`."""
        photos = self._photos(data_set, split, data_dir)
        return dataclasses.replace(photos, images=photos.images[:])

    def stream(
        self,
        data_set: DataSet,
        split: str,
        batch_size: int,
        data_dir: str | Path | None,
        download: bool,
    ) -> FileBatches:
        """Returns the same images in batches; see `stream_split`."""
        return FileBatches(self._photos(data_set, split, data_dir), batch_size)

    def _photos(self, data_set: DataSet, split: str, data_dir: str | Path | None) -> LabeledImages:
        if data_dir is None:
            raise InputError(
                f"{data_set.name} is read from a folder: name as data_dir (--data-dir) the one "
                f"that holds '{data_set.name}/{split}'; {self.remedy}"
            )
        folder = Path(data_dir) / data_set.name / split
        if not folder.is_dir():
            raise InputError(f"'{folder}' is not a folder; {self.remedy}")
        photos = load_folder(folder, data_set.image_shape, labeled=True)
        found = len(photos), photos.num_classes
        expected = data_set.num_images[split], data_set.num_classes
        if found != expected:
            what = "{} images in {} classes where {} in {} are expected"
            raise InputError(f"'{folder}' holds {what.format(*found, *expected)}; {self.remedy}")
        return dataclasses.replace(photos, name=data_set.name, split=split)
