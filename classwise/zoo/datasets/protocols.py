"""The protocols by name. Adding one is adding an entry."""

from classwise.zoo.datasets.protocol import ROLES, Protocol, ProtocolImages
from classwise.zoo.datasets.split_rules import (
    FirstClasses,
    LeaveOneOut,
    OfficialSplit,
    OfficialSplitWithValidation,
    SampledSplit,
    UnseenClasses,
    ValidationAsks,
)
from classwise.zoo.foundation.errors import unknown_name

__all__ = ["PROTOCOLS", "ROLES", "Protocol", "ProtocolImages", "get_protocol", "list_protocols"]


def _protocols(*protocols: Protocol) -> dict[str, Protocol]:
    return {protocol.name: protocol for protocol in protocols}


_OFFICIAL = "The test split asks, the train split answers."
_UNSEEN = "The test images of held-out classes ask, their train images answer (arXiv 1609.06753)."
_HALF = "The first {} classes are learned from; every {} of the others asks all the rest of these."

PROTOCOLS = _protocols(
    Protocol("cifar10-full", "cifar10", OfficialSplit(), 500, _OFFICIAL),
    Protocol("cifar100-full", "cifar100", OfficialSplit(), 50, _OFFICIAL),
    Protocol("fashion-mnist-full", "fashion_mnist", OfficialSplit(), 500, _OFFICIAL),
    Protocol("fashion-mosaic", "fashion_mosaic", OfficialSplit(), 500, _OFFICIAL),
    Protocol(
        "clothing",
        "clothing",
        OfficialSplitWithValidation(),
        None,
        "The test split asks, the train split answers, the validation split selects.",
    ),
    Protocol(
        "cifar10-5k-54k",
        "cifar10",
        SampledSplit(queries_per_class=100, learning_per_class=500, learning_in_database=False),
        50,
        "1,000 images ask, 54,000 answer; the 5,000 learned from are in neither.",
    ),
    Protocol(
        "cifar10-5k-59k",
        "cifar10",
        SampledSplit(queries_per_class=100, learning_per_class=500, learning_in_database=True),
        50,
        "1,000 images ask, all other 59,000 answer; 5,000 of these are learned from.",
    ),
    # 2.5 of 10 classes are rounded up, so that a query's class competes with two others.
    Protocol("cifar10-unseen", "cifar10", UnseenClasses(3), 500, _UNSEEN),
    Protocol("cifar100-unseen", "cifar100", UnseenClasses(25), 50, _UNSEEN),
    Protocol("fashion-mnist-unseen", "fashion_mnist", UnseenClasses(3), 500, _UNSEEN),
    Protocol(
        "caltech101-unseen",
        "caltech101",
        # Faces are near copies of Faces_easy; the background is no class.
        LeaveOneOut(without=("faces", "background_google")),
        0,
        "Every photograph of 100 classes asks all the others; none is learned from.",
    ),
    Protocol(
        "flowers102-unseen",
        "flowers102",
        LeaveOneOut(),
        0,
        "Every photograph asks all the others; none is learned from.",
    ),
    Protocol(
        "omniglot-unseen",
        "omniglot",
        LeaveOneOut(("train", "test")),
        2,
        "Every character of the evaluation alphabets asks all the others of these; the background "
        "alphabets are learned from.",
    ),
    Protocol(
        "ukbench",
        "ukbench",
        LeaveOneOut(),
        0,
        "Each of the four views of a thing asks for the other three; none is learned from.",
        group=4,
    ),
    Protocol(
        "caltech101-half-unseen",
        "caltech101",
        FirstClasses(50, ("all",), without=("faces", "background_google")),
        3,
        _HALF.format("50", "photograph"),
    ),
    Protocol(
        "flowers102-half-unseen",
        "flowers102",
        FirstClasses(51, ("all",)),
        4,
        _HALF.format("51", "photograph"),
    ),
    Protocol(
        "cub200-unseen",
        "cub200",
        FirstClasses(100),
        4,
        _HALF.format("100", "photograph of a bird"),
        published={"learning": 5_864, "queries": 5_924},
    ),
    Protocol(
        "cars196-unseen",
        "cars196",
        FirstClasses(98),
        4,
        _HALF.format("98", "photograph of a car"),
        published={"learning": 8_054, "queries": 8_131},
    ),
    Protocol(
        "sop-unseen",
        "sop",
        LeaveOneOut(("train", "test")),
        1,
        "Every photograph of 11,316 products asks all the others of these; 11,318 other products "
        "are learned from.",
        published={"learning": 59_551, "queries": 60_502},
        recall_at=(1, 10, 100, 1_000),
        clusters=False,
    ),
    Protocol(
        "imagenet-full",
        "imagenet",
        ValidationAsks(),
        10,
        "The validation split asks, the train split answers.",
        published={"learning": 1_281_167, "queries": 50_000},
        by_name=True,
    ),
)


def list_protocols() -> list[str]:
    """Returns the names of all protocols, in alphabetical order.

    Example:

    >>> list_protocols()[0]
    'caltech101-half-unseen'
    """
    return sorted(PROTOCOLS)


def get_protocol(name: str) -> Protocol:
    """Returns a protocol by its name.

    Raises:
        InputError: no such protocol.

    Example:

    >>> get_protocol("fashion-mnist-full").dataset
    'fashion_mnist'
    """
    if name not in PROTOCOLS:
        raise unknown_name("protocol", name, PROTOCOLS)
    return PROTOCOLS[name]
