"""A data set and a protocol that are in no catalogue: images drawn here, by their entries alone."""

import numpy as np

from classwise.zoo.datasets.data_set import DataSet
from classwise.zoo.datasets.labeled_images import LabeledImages
from classwise.zoo.datasets.protocols import Protocol
from classwise.zoo.datasets.split_rules import OfficialSplit

IMAGE_SHAPE, CLASS_NAMES, NUM_IMAGES = (
    (8, 8, 1),
    ("dark", "gray", "white"),
    {"train": 60, "test": 15},
)


class Drawn:
    """A source that needs no TFDS: classes differ in brightness."""

    needs_data_dir = False

    def load(self, data_set, split, data_dir, download):
        random = np.random.default_rng(len(split))
        count = data_set.num_images[split]
        labels = np.arange(count) % data_set.num_classes
        pixels = random.integers(0, 60, (count, *data_set.image_shape))
        pixels = (pixels + 90 * labels[:, None, None, None]).astype(np.uint8)
        ids = np.array([f"{split}_{number}" for number in range(count)])
        return LabeledImages(data_set.name, split, pixels, labels, ids, CLASS_NAMES)

    def stream(self, data_set, split, batch_size, data_dir, download):
        return DrawnBatches(self.load(data_set, split, data_dir, download), batch_size)


class DrawnBatches:
    def __init__(self, images, batch_size):
        self.images, self.batch_size = images, batch_size
        self.class_names = images.class_names

    def __iter__(self):
        return self.after(0)

    def after(self, first):
        for start in range(first, len(self.images), self.batch_size):
            part = self.images.select(np.arange(len(self.images))[start : start + self.batch_size])
            yield part.images, part.labels, part.ids


DATA_SET = DataSet(
    name="brightness",
    title="Brightness",
    url="https://example.org/brightness",
    license="Public domain.",
    content="Squares of noise, dark, gray or white.",
    biases="Nothing but brightness counts.",
    citation="@misc{brightness, title = {Brightness}}",
    num_classes=len(CLASS_NAMES),
    image_shape=IMAGE_SHAPE,
    num_images={"train": 60, "test": 15},
    source=Drawn(),
)
PROTOCOL = Protocol("brightness-full", "brightness", OfficialSplit(), 5, "The test images ask.")
