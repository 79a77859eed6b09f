"""A protocol of images made up here."""

import numpy as np

from classwise.zoo.datasets.labeled_images import LabeledImages
from classwise.zoo.datasets.protocols import ProtocolImages

QUERIES, DATABASE = slice(0, 30), slice(30, 120)


class StandIn:
    """Thirty images ask, ninety answer; their brightness hints at the class."""

    name, dataset, description = "stand-in", "noise", __doc__

    def __init__(self, image_shape):
        random = np.random.default_rng(0)
        self.labels = np.arange(120) % 3  # of ten classes; so a report has few neighbors to draw
        brightness = 60 * self.labels[:, None, None, None]
        self.images = (brightness + random.integers(0, 60, (120, *image_shape))).astype(np.uint8)

    def load(self, data_dir=None):
        ids, names = np.arange(120).astype(str), tuple(map(str, range(10)))
        images = LabeledImages("noise", "all", self.images, self.labels, ids, names)
        parts = {"queries": np.arange(120)[QUERIES], "database": np.arange(120)[DATABASE]}
        return ProtocolImages(self, images, ids, parts)
