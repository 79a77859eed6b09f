"""Omniglot: characters of alphabets, of which some are learned and others judge."""

from classwise.zoo.datasets.data_set import DataSet
from classwise.zoo.datasets.photo_source import PhotoSource

DATA_SETS = (
    DataSet(
        name="omniglot",
        title="Omniglot",
        url="https://github.com/brendenlake/omniglot",
        license="MIT license.",
        content="Handwritten characters of 50 alphabets, black on white, each drawn once by 20 "
        "people.",
        biases="People drew characters of alphabets that most of them cannot write, with a mouse "
        "or a finger on a screen: strokes are clean, and nothing is beside them.",
        citation="""@article{lake2015human,
  title   = {Human-level Concept Learning through Probabilistic Program Induction},
  author  = {Lake, Brenden M. and Salakhutdinov, Ruslan and Tenenbaum, Joshua B.},
  journal = {Science},
  volume  = {350},
  number  = {6266},
  pages   = {1332--1338},
  year    = {2015}
}""",
        num_classes=1_623,
        image_shape=(105, 105, 3),
        num_images={"train": 19_280, "test": 13_180},
        source=PhotoSource(
            "put images_background into DATA_DIR/omniglot/train and images_evaluation into "
            "DATA_DIR/omniglot/test, a sub-folder for each character, named by the first four "
            "digits of its files, or run tfds.load('omniglot', data_dir=DATA_DIR).",
            "omniglot",
            {"train": "train", "test": "test"},
        ),
    ),
)
