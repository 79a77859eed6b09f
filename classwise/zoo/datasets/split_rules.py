"""The rules by which protocols share out the records of a data set among their roles.

A rule is a frozen dataclass of parameters, with the splits of the data set that it shares out;
called with `Records`, it returns `Shares`. Draws depend
on the record ids alone, neither on their order nor on a random generator, whose stream NumPy may
change between versions.
"""

import dataclasses
import hashlib
from typing import ClassVar, NamedTuple

import numpy as np

from classwise.zoo.foundation.errors import InputError


class Records(NamedTuple):
    """The records of a data set: ids str `[N]`, labels, in_test bool `[N]`.

    Labels are class ids, int64 `[N]`, or multi-hot, uint8 `[N, C]`.

    `in_validation`, bool `[N]`, is true in the validation split of a set that has one. A split
    `"all"` is one to test on. `class_names` are those of the labels.
    """

    ids: np.ndarray
    labels: np.ndarray
    in_test: np.ndarray
    in_validation: np.ndarray | None = None
    class_names: tuple[str, ...] = ()

    @property
    def of_validation(self) -> np.ndarray:
        """`in_validation`, of a set that has no such split, too."""
        if self.in_validation is None:
            return np.zeros(len(self.ids), bool)
        return self.in_validation


TRAIN_AND_TEST = ("train", "test")


class Shares(NamedTuple):
    """Which records play which role: bool `[N]` each; learning = training and validation."""

    queries: np.ndarray
    database: np.ndarray
    learning: np.ndarray


def draw_per_class(records: Records, among: np.ndarray, count: int, seed: str) -> np.ndarray:
    """Draws `count` records of every class that occurs in `among`, without replacement.

    Of records with several labels it draws `count` times C from all of them.

    Formula: in each class, the records with the smallest SHA-256(`"{seed}/{id}"`).

    Args:
        records: all records.
        among: bool `[N]`, the records that may be drawn.
        count: records to draw a class.
        seed: any text; another one gives another draw.

    Returns:
        bool `[N]`, true for the drawn records.

    Raises:
        InputError: a class has fewer than `count` records.
    """
    positions = np.flatnonzero(among)
    keys = [hashlib.sha256(f"{seed}/{id}".encode()).digest() for id in records.ids[positions]]
    shuffled = positions[sorted(range(len(keys)), key=keys.__getitem__)]
    drawn = np.zeros(len(records.ids), bool)
    if records.labels.ndim == 2:
        count *= records.labels.shape[1]
        if len(shuffled) < count:
            raise InputError(f"there are {len(shuffled)} images to draw from; {count} are needed.")
        drawn[shuffled[:count]] = True
        return drawn
    for label in np.unique(records.labels[positions]):
        members = shuffled[records.labels[shuffled] == label]
        if len(members) < count:
            raise InputError(
                f"class {label} has {len(members)} images to draw from; {count} are needed."
            )
        drawn[members[:count]] = True
    return drawn


@dataclasses.dataclass(frozen=True)
class OfficialSplit:
    """Queries are the test split; the database, and what is learned from, is the train split."""

    splits: ClassVar[tuple[str, ...]] = TRAIN_AND_TEST

    def __call__(self, records: Records, seed: str) -> Shares:
        return Shares(records.in_test, ~records.in_test, ~records.in_test)


@dataclasses.dataclass(frozen=True)
class OfficialSplitWithValidation:
    """As `OfficialSplit`; what is learned from is the validation split, too, which selects."""

    splits: ClassVar[tuple[str, ...]] = (*TRAIN_AND_TEST, "validation")

    def __call__(self, records: Records, seed: str) -> Shares:
        train = ~(records.in_test | records.of_validation)
        return Shares(records.in_test, train, ~records.in_test)


@dataclasses.dataclass(frozen=True)
class SampledSplit:
    """Queries and learning images are drawn from both splits together, equally many a class."""

    queries_per_class: int
    learning_per_class: int
    learning_in_database: bool
    splits: ClassVar[tuple[str, ...]] = TRAIN_AND_TEST

    def __call__(self, records: Records, seed: str) -> Shares:
        everything = np.ones(len(records.ids), bool)
        queries = draw_per_class(records, everything, self.queries_per_class, f"{seed}/queries")
        learning = draw_per_class(records, ~queries, self.learning_per_class, f"{seed}/learning")
        database = ~queries if self.learning_in_database else ~(queries | learning)
        return Shares(queries, database, learning)


@dataclasses.dataclass(frozen=True)
class UnseenClasses:
    """Queries and database are the test and train images of classes that are never learned from."""

    held_out: int
    splits: ClassVar[tuple[str, ...]] = TRAIN_AND_TEST

    def held_out_classes(self, num_classes: int, seed: str) -> np.ndarray:
        """Returns the held-out class ids, int64 `[held_out]` in increasing order."""
        every = np.arange(num_classes)
        records = Records(every.astype(str), np.zeros_like(every), np.zeros(num_classes, bool))
        drawn = draw_per_class(
            records, np.ones(num_classes, bool), self.held_out, f"{seed}/classes"
        )
        return np.flatnonzero(drawn)

    def __call__(self, records: Records, seed: str) -> Shares:
        num_classes = int(records.labels.max()) + 1
        unseen = np.isin(records.labels, self.held_out_classes(num_classes, seed))
        train = ~records.in_test
        return Shares(records.in_test & unseen, train & unseen, train & ~unseen)


@dataclasses.dataclass(frozen=True)
class LeaveOneOut:
    """Every image of a split that holds no learned class asks all the others of it.

    Args:
        splits: `("all",)` of a set that only judges, or `("train", "test")` of one whose train
            split, of other classes, is learned from.
        without: names of classes that neither ask nor answer, in lower case.
    """

    splits: tuple[str, ...] = ("all",)
    without: tuple[str, ...] = ()

    def __call__(self, records: Records, seed: str) -> Shares:
        judged = records.in_test & ~of_classes(records, self.without, seed)
        return Shares(judged, judged, ~records.in_test)


@dataclasses.dataclass(frozen=True)
class FirstClasses:
    """The first classes are learned from; every image of the others asks all the rest of these.

    Args:
        learned: how many classes, in the data set's own order.
        splits: whose images are shared out, whatever splits they are of.
        without: names of classes that are none, in lower case.
    """

    learned: int
    splits: tuple[str, ...] = TRAIN_AND_TEST
    without: tuple[str, ...] = ()

    def __call__(self, records: Records, seed: str) -> Shares:
        kept = ~of_classes(records, self.without, seed)
        first = np.isin(records.labels, np.unique(records.labels[kept])[: self.learned])
        judged = kept & ~first
        return Shares(judged, judged, kept & first)


def of_classes(records: Records, left_out: tuple[str, ...], seed: str) -> np.ndarray:
    """Returns which records are of the classes that a protocol leaves out, bool `[N]`."""
    names = [name.lower() for name in records.class_names]
    missing = set(left_out) - set(names)
    if missing:
        raise InputError(
            f"{seed} has no class {', '.join(sorted(missing))}, which the protocol leaves out; "
            "its folders have other names than the data set's."
        )
    return np.isin(records.labels, [names.index(name) for name in left_out])


@dataclasses.dataclass(frozen=True)
class ValidationAsks:
    """Queries are the validation split, where nobody knows the labels of the test split."""

    splits: ClassVar[tuple[str, ...]] = ("train", "validation")

    def __call__(self, records: Records, seed: str) -> Shares:
        asks = records.of_validation
        return Shares(asks, ~asks, ~asks)


SplitRule = (
    OfficialSplit
    | OfficialSplitWithValidation
    | SampledSplit
    | UnseenClasses
    | LeaveOneOut
    | FirstClasses
    | ValidationAsks
)
