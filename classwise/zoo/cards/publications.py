"""The papers behind backbones, the figures that papers publish, and those to be reached."""

from dataclasses import dataclass

from classwise.zoo.foundation.publication import Publication

EFFICIENTNET = Publication(
    "EfficientNet",
    "EfficientNet",
    "1905.11946",
    """@inproceedings{tan2019efficientnet,
  title     = {{EfficientNet}: Rethinking Model Scaling for Convolutional Neural Networks},
  author    = {Tan, Mingxing and Le, Quoc V.},
  booktitle = {International Conference on Machine Learning},
  year      = {2019},
  note      = {arXiv:1905.11946}
}""",
)
AIRBENCH = Publication(
    "airbench",
    "94% on CIFAR-10 in 3.29 Seconds on a Single GPU",
    "2404.00498",
    """@article{jordan2024airbench,
  title   = {94\\% on {CIFAR-10} in 3.29 Seconds on a Single {GPU}},
  author  = {Jordan, Keller},
  journal = {arXiv preprint arXiv:2404.00498},
  year    = {2024}
}""",
)
# Papers of backbones; one that has none is not there.
BACKBONES = {
    "airbench": AIRBENCH,
    "efficientnet_lite0": EFFICIENTNET,
    "efficientnet_lite2": EFFICIENTNET,
}


@dataclass(frozen=True)
class PublishedFigures:
    """Mean average precision by code length, as a source states it.

    Args:
        source: who states it.
        method: a name of `zoo.methods.METHODS`.
        protocol: a name of `zoo.list_protocols()`.
        backbone: in the source's words.
        map: by bits, in 0..1.
    """

    source: str
    method: str
    protocol: str
    backbone: str
    map: dict[int, float]


_GOOGLENET = "GoogLeNet, from ImageNet"
_QUOTED = "DCWH paper, as quoted by mzhang367/dcwh"
_AGAIN = "mzhang367/dcwh, a re-implementation"

PUBLISHED = (
    PublishedFigures(
        _QUOTED,
        "dcwh",
        "cifar10-full",
        _GOOGLENET,
        {16: 0.940, 24: 0.950, 32: 0.954, 48: 0.952},
    ),
    PublishedFigures(
        _AGAIN,
        "dcwh",
        "cifar10-full",
        _GOOGLENET,
        {16: 0.9574, 24: 0.9603, 32: 0.9605, 48: 0.9604},
    ),
    PublishedFigures(_QUOTED, "dcwh", "cifar100-full", _GOOGLENET, {32: 0.7570, 48: 0.7690}),
    PublishedFigures(
        _AGAIN,
        "dcwh",
        "cifar100-full",
        _GOOGLENET,
        {16: 0.6393, 24: 0.7433, 32: 0.7484, 48: 0.7637},
    ),
)

# What the presets were to reach, so that the tables also show where they fall short.
_AIM = "aim of classwise, DCWH"
AIMS = tuple(
    PublishedFigures(
        _AIM, "dcwh", protocol, backbone, dict(zip((16, 24, 32, 48, 64), values, strict=True))
    )
    for protocol, backbone, values in (
        ("cifar10-full", "airbench", (0.90, 0.91, 0.915, 0.92, 0.92)),
        ("cifar10-full", "efficientnet_lite0", (0.945, 0.952, 0.956, 0.957, 0.957)),
        ("cifar100-full", "airbench", (0.50, 0.56, 0.58, 0.60, 0.60)),
        ("cifar100-full", "efficientnet_lite0", (0.66, 0.75, 0.765, 0.775, 0.775)),
        ("fashion-mnist-full", "resnet9", (0.925, 0.93, 0.93, 0.935, 0.935)),
    )
)
