"""A retrieval protocol: which images are queries, database, training, validation."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from classwise.zoo.datasets.encoded_images import EncodedImages
from classwise.zoo.datasets.labeled_images import LabeledImages
from classwise.zoo.datasets.protocol_digests import warn_if_changed
from classwise.zoo.datasets.record_ids import file_ids, record_ids
from classwise.zoo.datasets.resized_images import resize
from classwise.zoo.datasets.split_rules import Records, SplitRule, draw_per_class
from classwise.zoo.datasets.splits import load_split
from classwise.zoo.foundation.errors import InputError

ROLES = ("queries", "database", "training", "validation")


@dataclasses.dataclass(frozen=True)
class Protocol:
    """A named way to share out a data set; its draws are fixed by record id (`record_ids`).

    Validation images are drawn from the images that a paper calls its training set, equally many
    a class, so that models are selected without the queries; `training` is what remains. The
    database keeps the validation images where the paper has its training set in the database.

    Args:
        name: such as `"cifar10-full"`.
        dataset: a name of the catalogue.
        rule: shares the records out among queries, database, and training with validation.
        validation_per_class: validation images of every learned class, or, of images with several
            labels, as many in all; None where the data set has a validation split, which the
            rule leaves out of the database.
        description: one sentence.
        group: images a class, where all classes have equally many and a result is the number of
            right ones among so many nearest, as of UKBench.
        published: images that are learned from, validation images among them, and those that ask,
            by `"learning"` and `"queries"`: of a data set that nobody had here to record the split.
        recall_at: cut-offs of R@K, where every image asks all the others.
        clusters: whether NMI is wanted, too, for which k-means finds as many clusters as classes.
        by_name: whether records have the names of their files, which are the same in every copy,
            and not ids by content, which take reading all of them.
    """

    name: str
    dataset: str
    rule: SplitRule
    validation_per_class: int | None
    description: str
    group: int | None = None
    published: Mapping[str, int] = dataclasses.field(default_factory=dict)
    recall_at: tuple[int, ...] = (1, 2, 4, 8)
    clusters: bool = True
    by_name: bool = False

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits of the data set whose images it shares out, as `split` takes them."""
        return self.rule.splits

    def roles(self, records: Records) -> dict[str, np.ndarray]:
        """Returns the positions in `records` that play each role, in the order of their ids."""
        shares = self.rule(records, seed=self.dataset)
        if self.validation_per_class is None:
            validation = records.of_validation
        else:
            validation = draw_per_class(
                records, shares.learning, self.validation_per_class, f"{self.dataset}/validation"
            )
        members = (shares.queries, shares.database, shares.learning & ~validation, validation)
        by_id = np.argsort(records.ids)
        return {role: by_id[mask[by_id]] for role, mask in zip(ROLES, members, strict=True)}

    def split(self, *splits: LabeledImages) -> ProtocolImages:
        """Returns the images of each role, given `self.splits`, each in any order.

        Raises:
            InputError: the splits are others, a class has too few images, or shares are not of the
                published sizes.
        """
        given = [f"{images.name}:{images.split}" for images in splits]
        needed = [f"{self.dataset}:{split}" for split in self.splits]
        if given != needed:
            raise InputError(
                f"protocol {self.name} was given {', '.join(given)}; it needs {', '.join(needed)}."
            )
        pixels = [images.images for images in splits]
        encoded = [part for part in pixels if isinstance(part, EncodedImages)]
        images = LabeledImages(
            self.dataset,
            "+".join(self.splits),
            EncodedImages.joined(encoded)
            if encoded
            else np.concatenate([part[:] for part in pixels]),
            np.concatenate([images.known_labels for images in splits]),
            np.concatenate([images.ids for images in splits]),
            splits[0].class_names,
        )
        known = file_ids if self.by_name else record_ids
        ids = np.concatenate([known(images) for images in splits])
        origin = np.repeat(self.splits, [len(images) for images in splits])
        in_test = np.isin(origin, ("test", "all"))
        records = Records(
            ids, images.known_labels, in_test, origin == "validation", images.class_names
        )
        positions = self.roles(records)
        self._check_published(positions)
        return ProtocolImages(self, images, ids, positions)

    def _check_published(self, positions: Mapping[str, np.ndarray]) -> None:
        """Raises `InputError` where a share has another size than the published one."""
        learning = len(positions["training"]) + len(positions["validation"])
        found = {"learning": learning, "queries": len(positions["queries"])}
        told = {"learning": "are learned from", "queries": "ask"}
        for share, wanted in self.published.items():
            if found[share] != wanted:
                raise InputError(
                    f"{found[share]:,} images of {self.name} {told[share]} where {wanted:,} are "
                    f"published: this copy of {self.dataset} has other labels, or its classes in "
                    "another order; prepare it again."
                )

    def load(self, data_dir: str | Path | None = None, download: bool = True) -> ProtocolImages:
        """Returns the images of each role, read from its source; arguments as in `load_split`.

        Warns:
            UserWarning: the split differs from the recorded one, because the data set does.
        """
        splits = [load_split(self.dataset, split, data_dir, download) for split in self.splits]
        images = self.split(*splits)
        warn_if_changed(self.name, {role: images.record_ids(role) for role in ROLES})
        return images


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class ProtocolImages:
    """The images of a data set by role, each in the order of its record ids.

    `queries` and `database` keep the labels and class names of the data set. `training` and
    `validation` have those of the classes that are learned, numbered without gaps; where a
    protocol holds classes out, `seen_classes[i]` is the data set's id of learned class i.
    """

    protocol: Protocol
    images: LabeledImages
    ids: np.ndarray
    positions: dict[str, np.ndarray]

    def record_ids(self, role: str) -> np.ndarray:
        """Returns the record ids of a role, one of `ROLES`, in increasing order."""
        return self.ids[self.positions[role]]

    @functools.cached_property
    def queries(self) -> LabeledImages:
        return self.images.select(self.positions["queries"])

    @functools.cached_property
    def database(self) -> LabeledImages:
        if np.array_equal(self.positions["database"], self.positions["queries"]):
            return (
                self.queries
            )  # the same object, as `ImageSets` has it: every image asks all others
        return self.images.select(self.positions["database"])

    @functools.cached_property
    def training(self) -> LabeledImages:
        return self._learned("training")

    @functools.cached_property
    def validation(self) -> LabeledImages:
        return self._learned("validation")

    @functools.cached_property
    def seen_classes(self) -> np.ndarray:
        """The data set's ids of the learned classes, int64 `[C]`, in increasing order."""
        learned = self.images.known_labels[self.positions["training"]]
        return np.unique(learned) if learned.ndim == 1 else np.flatnonzero(learned.any(axis=0))

    def resized(self, image_shape: tuple[int, int, int]) -> ProtocolImages:
        """Returns the same records, their images at another size; see `resize`."""
        return dataclasses.replace(self, images=resize(self.images, image_shape))

    def _learned(self, role: str) -> LabeledImages:
        chosen = self.images.select(self.positions[role])
        given, seen = chosen.known_labels, self.seen_classes
        return dataclasses.replace(
            chosen,
            labels=np.searchsorted(seen, given) if given.ndim == 1 else given[:, seen],
            class_names=tuple(chosen.class_names[label] for label in self.seen_classes),
        )

    def __repr__(self) -> str:
        sizes = ", ".join(f"{len(self.positions[role])} {role}" for role in ROLES)
        return f"ProtocolImages({self.protocol.name}: {sizes})"
