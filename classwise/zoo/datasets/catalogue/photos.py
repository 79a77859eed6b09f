"""Photos of anything, which hashers without classes of their own are learned from."""

from classwise.zoo.datasets.catalogue.imagenet import CLASSES
from classwise.zoo.datasets.catalogue.imagenet import DATA_SETS as IMAGENET
from classwise.zoo.datasets.data_set import DataSet

DATA_SETS = (
    DataSet(
        name="photos",
        title="photos of anything",
        url="https://github.com/EliSchwartz/imagenet-sample-images",
        license="None is stated; ImageNet's images are given to researchers for non-commercial "
        "research and education. None of them is part of classwise.",
        content="Sharp photographs of a thousand kinds of things, one of each class of "
        "ImageNet-1k.",
        biases=IMAGENET[0].biases,
        citation=IMAGENET[0].citation,
        num_classes=len(CLASSES),
        class_names=tuple(CLASSES.values()),
        image_shape=None,
        num_images={"all": len(CLASSES)},
    ),
)
