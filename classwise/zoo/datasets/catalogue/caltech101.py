"""Caltech-101, which nothing here learns from: hashers are judged on it."""

from classwise.zoo.datasets.data_set import DataSet
from classwise.zoo.datasets.photo_source import PhotoSource

DATA_SETS = (
    DataSet(
        name="caltech101",
        title="Caltech-101",
        url="https://doi.org/10.22002/D1.20086",
        license="CC BY 4.0 by its authors; its photographs, which a search engine found, belong to "
        "those who took them.",
        content="Color photographs of 101 kinds of thing and animal, one in each, and a background "
        "class.",
        biases="A search engine of 2003 chose them: things stand in the middle, large and often "
        "cut out or turned the same way, so that retrieval looks easier than in a person's folder.",
        citation="""@inproceedings{feifei2004learning,
  title     = {Learning Generative Visual Models from Few Training Examples},
  author    = {Fei-Fei, Li and Fergus, Rob and Perona, Pietro},
  booktitle = {CVPR Workshop on Generative-Model Based Vision},
  year      = {2004}
}""",
        num_classes=102,
        image_shape=(224, 224, 3),
        num_images={"all": 9_144},
        source=PhotoSource(
            "put the folders of 101_ObjectCategories (CaltechDATA, doi 10.22002/D1.20086) into "
            "DATA_DIR/caltech101/all, or run tfds.load('caltech101', data_dir=DATA_DIR).",
            "caltech101",
            {"all": "train+test"},
        ),
    ),
)
