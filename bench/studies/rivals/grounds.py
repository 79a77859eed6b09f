"""What the losses are compared on: a protocol, its features, and who learns, asks and answers."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import ClassVar

import numpy as np

from bench.studies.pooled_features import pooled_features
from bench.studies.rivals.plan import Plan
from classwise.zoo.datasets.protocol import Protocol
from classwise.zoo.datasets.protocols import get_protocol
from classwise.zoo.datasets.split_rules import SampledSplit, UnseenClasses

#: Principal components that a head is given, so that the study ends within an hour.
COMPONENTS = 256


class SampledFromAll(SampledSplit):
    """`SampledSplit` of a data set that has one split."""

    splits: ClassVar[tuple[str, ...]] = ("all",)


#: A split of ours: as many photos to learn from, and to choose on, as the data set's own.
FLOWERS = Protocol(
    "flowers102-20",
    "flowers102",
    SampledFromAll(queries_per_class=10, learning_per_class=20, learning_in_database=True),
    10,
    "10 photographs of every kind ask, all others answer; 20 of these are learned from.",
)


@dataclasses.dataclass(frozen=True)
class Ground:
    """Images to learn from and to judge on.

    Args:
        protocol: who learns, asks and answers.
        side: pixels of an image as the trunk sees it.
        hidden_units: of the layer below the hash layer, 0 for none.
        batch_size: images a batch.
        epochs: rounds, after each of which centers are re-estimated.
        steps: batches a round.
        title: in a figure.
        words: what the images are, in a page.
        asking: how many of the queries ask, the first of each class; all where nothing is said.
    """

    protocol: Protocol
    side: int
    hidden_units: int
    batch_size: int
    epochs: int
    steps: int
    title: str
    words: str
    asking: int | None = None

    @property
    def unseen(self) -> bool:
        """Whether classes are judged on that nobody learned."""
        return isinstance(self.protocol.rule, UnseenClasses)

    @property
    def plan(self) -> Plan:
        """How every head learns here, however many images it learns from."""
        return Plan(self.epochs, self.steps, self.batch_size, self.hidden_units)


def _grounds(*grounds: Ground) -> dict[str, Ground]:
    return {ground.protocol.name: ground for ground in grounds}


GROUNDS = _grounds(
    Ground(
        get_protocol("cifar10-5k-59k"),
        side=96,
        hidden_units=0,
        batch_size=128,
        epochs=30,
        steps=39,
        title="CIFAR-10, 5,000 learn",
        words="5,000 images of 10 classes are learned from, 1,000 ask, 59,000 answer",
    ),
    Ground(
        FLOWERS,
        side=224,
        hidden_units=128,
        batch_size=64,
        epochs=30,
        steps=31,
        title="Flowers-102, 20 a kind learn",
        words="a split of ours of the 8,189 photographs: of every kind 20 are learned from, 10 "
        "ask, and all but these answer",
    ),
    Ground(
        get_protocol("cifar100-full"),
        side=96,
        hidden_units=128,
        batch_size=256,
        epochs=6,
        steps=195,
        asking=2_500,
        title="CIFAR-100, 50,000 learn",
        words="50,000 images of 100 classes are learned from and answer, 2,500 of its 10,000 "
        "queries ask",
    ),
    Ground(
        get_protocol("cifar100-unseen"),
        side=96,
        hidden_units=128,
        batch_size=256,
        epochs=6,
        steps=146,
        title="CIFAR-100, 25 unseen classes",
        words="75 classes are learned from; 2,500 images of the other 25 ask, 12,500 answer",
    ),
)


@dataclasses.dataclass(frozen=True, eq=False)
class Sets:
    """Images by their features, and who learns, asks and answers.

    Args:
        features: of all images, float32 `[N, F]`.
        labels: the data set's class ids of all images, int `[N]`.
        learned, queries, database: positions in `features`.
    """

    features: np.ndarray
    labels: np.ndarray
    learned: np.ndarray
    queries: np.ndarray
    database: np.ndarray

    @property
    def num_classes(self) -> int:
        return len(np.unique(self.labels[self.learned]))

    @property
    def class_ids(self) -> np.ndarray:
        """Ids from 0 on of the learned classes, int32 `[N]`; of no meaning for other images."""
        learned = np.unique(self.labels[self.learned])
        return np.searchsorted(learned, self.labels).astype(np.int32)

    def of(self, role: str) -> tuple[np.ndarray, np.ndarray]:
        """Returns the features and class ids of a role, such as `"queries"`."""
        positions = getattr(self, role)
        return self.features[positions], self.labels[positions]


#: Of the learned classes every third is kept aside while settings are chosen for unseen ones.
ASIDE = 3


class Material:
    """The features of a ground, computed once and kept in a folder, as principal components."""

    def __init__(self, ground: Ground, folder: Path):
        self.ground = ground
        split, features = pooled_features(ground.protocol, folder, ground.side)
        self.labels = split.images.known_labels
        self.positions = split.positions
        learned = [self.positions[role] for role in ("training", "validation")]
        self.learned = np.concatenate(learned)
        self.features, self.variance = components(features, self.learned)

    def judged(self, per_class: int | None = None, seed: int = 0) -> Sets:
        """Returns the protocol's sets, validation images learned from like the others.

        Args:
            per_class: how many images of each class are learned from, drawn by the seed; all of
                them where nothing is said.
            seed: of that draw.
        """
        learned = self.learned
        if per_class:
            drawn = np.random.default_rng(seed).permutation(learned)
            classes = len(np.unique(self.labels[learned]))
            learned = first_of_each(drawn, self.labels, per_class * classes)
        queries = self.positions["queries"]
        if self.ground.asking:
            queries = first_of_each(queries, self.labels, self.ground.asking)
        return self._sets(learned, queries, self.positions["database"])

    def tuning(self) -> Sets:
        """Returns the sets that settings are chosen on, without a query among them.

        Validation images ask the training images. Where unseen classes are judged on, every third
        of the learned classes is kept aside, and asks and answers alone.
        """
        training, validation = self.positions["training"], self.positions["validation"]
        if not self.ground.unseen:
            return self._sets(training, validation, training)
        aside = np.unique(self.labels[training])[::ASIDE]
        kept = np.isin(self.labels, aside)
        learned = training[~kept[training]]
        return self._sets(learned, validation[kept[validation]], training[kept[training]])

    def _sets(self, learned, queries, database) -> Sets:
        return Sets(self.features, self.labels, learned, queries, database)


def first_of_each(positions: np.ndarray, labels: np.ndarray, count: int) -> np.ndarray:
    """Returns so many positions, equally many a class, the first of each."""
    classes = np.unique(labels[positions])
    of_class = [positions[labels[positions] == label] for label in classes]
    return np.concatenate([found[: count // len(classes)] for found in of_class])


def components(features: np.ndarray, fitted: np.ndarray) -> tuple[np.ndarray, float]:
    """Returns the first principal components of some features, and their share of the variance.

    They are divided by one number, which brings their mean square to 1.

    Args:
        features: float32 `[N, F]`.
        fitted: positions of those whose axes are taken; labels have no part in it.
    """
    known = features[fitted]
    mean = known.mean(axis=0)
    values, axes = np.linalg.eigh(np.cov((known - mean).T))
    count = min(COMPONENTS, len(values))
    kept, axes = values[-count:], axes[:, -count:].astype(np.float32)
    scale = np.float32(np.sqrt(kept.mean()))
    return (features - mean) @ axes / scale, float(kept.sum() / values.sum())
