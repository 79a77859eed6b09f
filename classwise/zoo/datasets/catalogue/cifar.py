"""CIFAR-10 and CIFAR-100."""

from classwise.zoo.datasets.data_set import DataSet
from classwise.zoo.datasets.tfds_images import TfdsSource

URL = "https://www.cs.toronto.edu/~kriz/cifar.html"
LICENSE = (
    "Its authors state no license; it is offered for research, and its photographs belong to those "
    "who took them. Whether your use is covered is yours to find out."
)
BIASES = (
    "The photographs come from the 80 Million Tiny Images, which search engines returned for "
    "English nouns and which their authors withdrew in 2020 for offensive content. They show what "
    "was on the web before 2009, with its tastes and its gaps."
)
CITATION = """@techreport{krizhevsky2009learning,
  title       = {Learning Multiple Layers of Features from Tiny Images},
  author      = {Krizhevsky, Alex},
  institution = {University of Toronto},
  year        = {2009}
}"""
IMAGE_SHAPE = (32, 32, 3)
NUM_IMAGES = {"train": 50_000, "test": 10_000}
SOURCE = TfdsSource(download_host="www.cs.toronto.edu")

DATA_SETS = (
    DataSet(
        name="cifar10",
        title="CIFAR-10",
        url=URL,
        license=LICENSE,
        content="Small color photographs of four kinds of vehicle and six of animal, one in each.",
        biases=BIASES,
        citation=CITATION,
        num_classes=10,
        image_shape=IMAGE_SHAPE,
        num_images=NUM_IMAGES,
        source=SOURCE,
        hub_id="uoft-cs/cifar10",
    ),
    DataSet(
        name="cifar100",
        title="CIFAR-100",
        url=URL,
        license=LICENSE,
        content="Small color photographs of a hundred kinds of animal, plant, person, vehicle and "
        "thing, one in each.",
        biases=BIASES + " Five of the classes are people by sex and age, as strangers labeled "
        "them: nothing about a person follows from such a code. Ten photographs occur in both "
        "splits, which flatters every model a little.",
        citation=CITATION,
        num_classes=100,
        image_shape=IMAGE_SHAPE,
        num_images=NUM_IMAGES,
        source=SOURCE,
        hub_id="uoft-cs/cifar100",
    ),
)
