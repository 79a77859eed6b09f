"""Who is compared: the losses, and the settings that each may choose from."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from bench.studies.rivals.class_wise import ClassWise
from bench.studies.rivals.criterion import Criterion
from bench.studies.rivals.losses import (
    GreedyHash,
    HashNet,
    NormalizedSoftmax,
    ProxyAnchor,
    Softmax,
)

LEARNING_RATES = (0.003, 0.01)
STAGE_TWO = (("vertex_weight", 0.01),)


@dataclasses.dataclass(frozen=True)
class Contestant:
    """A loss, and four values of its own setting to choose from.

    Args:
        name: of the loss, in results.
        label: in a page.
        build: makes the objective of a setting.
        settings: what `build` is given, each a dict; as many for every loss.
        turns: whether its embedding, whose axes mean nothing, is judged turned by ITQ, too.
        ours: whether it is one of the two methods of this package.
    """

    name: str
    label: str
    build: Callable[..., Criterion]
    settings: tuple[dict, ...]
    turns: bool = False
    ours: bool = False

    @property
    def methods(self) -> tuple[str, ...]:
        """Names of what is judged: the signs as they are, and those of the turned embedding."""
        return (self.name, f"{self.name}_itq") if self.turns else (self.name,)


def of_method(method: str, later: tuple = ()) -> Callable[..., Criterion]:
    return lambda **settings: ClassWise(method, tuple(settings.items()), later)


def several(name: str, *values: float) -> tuple[dict, ...]:
    return tuple({name: value} for value in values)


CONTESTANTS = (
    Contestant(
        "dcwh",
        "DCWH",
        of_method("dcwh", STAGE_TWO),
        several("inverse_variance", 0.05, 0.1, 0.25, 0.5),
        ours=True,
    ),
    Contestant(
        "vmf",
        "vMF",
        of_method("vmf"),
        several("concentration", 2.0, 4.0, 8.0, 16.0),
        turns=True,
        ours=True,
    ),
    Contestant(
        "orthohash", "OrthoHash", of_method("orthohash"), several("scale", 2.0, 4.0, 8.0, 16.0)
    ),
    Contestant(
        "csq", "CSQ", of_method("csq"), several("quantization_weight", 0.005, 0.05, 0.5, 2.0)
    ),
    Contestant("hashnet", "HashNet", HashNet, several("scale", 1.0, 2.5, 5.0, 10.0)),
    Contestant(
        "greedyhash", "GreedyHash", GreedyHash, several("penalty_weight", 0.01, 0.1, 1.0, 10.0)
    ),
    Contestant(
        "proxy_anchor",
        "Proxy-Anchor",
        ProxyAnchor,
        several("alpha", 2.0, 5.0, 12.0, 32.0),
        turns=True,
    ),
    Contestant(
        "norm_softmax",
        "normalized softmax",
        NormalizedSoftmax,
        several("temperature", 0.05, 0.1, 0.25, 0.5),
        turns=True,
    ),
    Contestant(
        "softmax", "softmax", Softmax, several("smoothing", 0.0, 0.05, 0.1, 0.3), turns=True
    ),
)

#: What is judged, by name, in words.
LABELS = {
    method: contestant.label + (" + ITQ" if method.endswith("_itq") else "")
    for contestant in CONTESTANTS
    for method in contestant.methods
}
OURS = tuple(m for contestant in CONTESTANTS if contestant.ours for m in contestant.methods)
