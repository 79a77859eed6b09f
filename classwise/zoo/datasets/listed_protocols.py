"""The protocols that the hashing field shares as lists of files. Adding one is adding an entry."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from classwise.zoo.foundation.errors import unknown_name

#: Of a recipe that learns from any lists.
ANY_LISTS = "lists"
LIST_ROLES = ("training", "database", "queries")


@dataclasses.dataclass(frozen=True)
class ListProtocol:
    """A protocol whose lists say which image asks, answers and teaches; the images are the user's.

    Args:
        name: such as `"imagenet100"`.
        title: of its images.
        num_classes: columns of labels.
        images: how many of each role, as published; lists of another size are told.
        top_k: the cut-off of mAP in publications; None where all of the database is ranked.
        lists: where lists are, as the end of a sentence.
        divisor: of AP@K in publications; see `evaluate_codes`.
        disjoint: pairs of roles that share no image.
    """

    name: str
    title: str
    num_classes: int
    images: Mapping[str, int]
    top_k: int | None
    lists: str
    divisor: str = "hits"
    disjoint: tuple[tuple[str, str], ...] = (("queries", "database"), ("queries", "training"))

    @property
    def description(self) -> str:
        """One sentence for people."""
        ask, answer, learn = (self.images[role] for role in ("queries", "database", "training"))
        ranked = f"mAP@{self.top_k:,}" if self.top_k else "mAP"
        return (
            f"{self.title}, {self.num_classes} classes: {ask:,} images ask, {answer:,} answer, "
            f"{learn:,} are learned from, {ranked}; {self.lists}."
        )


def _protocols(*protocols: ListProtocol) -> dict[str, ListProtocol]:
    return {protocol.name: protocol for protocol in protocols}


def _images(queries: int, database: int, training: int) -> dict[str, int]:
    return {"training": training, "database": database, "queries": queries}


_DEEP_HASH = "github.com/swuxyj/DeepHash-pytorch (data/{}) has lists"

LIST_PROTOCOLS = _protocols(
    ListProtocol(
        "imagenet100",
        "ImageNet, 100 of its classes",
        100,
        _images(5_000, 128_503, 13_000),
        1_000,
        "github.com/thuml/HashNet (caffe/data/imagenet) has lists",
    ),
    ListProtocol(
        "coco",
        "MS-COCO 2014",
        80,
        _images(5_000, 117_218, 10_000),
        5_000,
        _DEEP_HASH.format("coco"),
    ),
    ListProtocol(
        "nuswide21",
        "NUS-WIDE, its 21 most frequent labels",
        21,
        _images(2_100, 193_734, 10_500),
        5_000,
        _DEEP_HASH.format("nuswide_21"),
    ),
    ListProtocol(
        "mirflickr",
        "MIRFLICKR-25K",
        38,
        _images(1_000, 20_000, 4_000),
        5_000,
        _DEEP_HASH.format("mirflickr"),
    ),
    ListProtocol(
        "voc2012",
        "PASCAL VOC 2012",
        20,
        _images(1_000, 6_540, 4_000),
        None,
        _DEEP_HASH.format("voc2012"),
    ),
)


def is_of_lists(protocol: object) -> bool:
    """Whether a recipe of this protocol learns from lists of images."""
    return isinstance(protocol, str) and (protocol == ANY_LISTS or protocol in LIST_PROTOCOLS)


def get_list_protocol(name: str) -> ListProtocol:
    """Returns a protocol of lists by its name.

    Raises:
        InputError: no such protocol.

    Example:

    >>> get_list_protocol("coco").top_k
    5000
    """
    if name not in LIST_PROTOCOLS:
        raise unknown_name("protocol of lists", name, LIST_PROTOCOLS)
    return LIST_PROTOCOLS[name]
