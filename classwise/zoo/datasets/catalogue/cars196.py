"""Cars196: half of the classes are learned, the others judge."""

from classwise.zoo.datasets.data_set import DataSet
from classwise.zoo.datasets.photo_source import PhotoSource

DATA_SETS = (
    DataSet(
        name="cars196",
        title="Cars196",
        url="https://ai.stanford.edu/~jkrause/cars/car_dataset.html",
        license="TFDS names no license, so see its page; its photographs belong to those who took "
        "them.",
        content="Color photographs of 196 models of car, by make, model and year, one in each.",
        biases="Cars on sale in the United States up to 2012, photographed for advertisements or "
        "by owners: clean, whole and by day.",
        citation="""@inproceedings{krause2013object,
  title     = {{3D} Object Representations for Fine-Grained Categorization},
  author    = {Krause, Jonathan and Stark, Michael and Deng, Jia and Fei-Fei, Li},
  booktitle = {IEEE Workshop on 3D Representation and Recognition},
  year      = {2013}
}""",
        num_classes=196,
        image_shape=(224, 224, 3),
        num_images={"train": 8_144, "test": 8_041},
        source=PhotoSource(
            "put its photographs into DATA_DIR/cars196/train and DATA_DIR/cars196/test, a "
            "sub-folder 1 to 196 for each class by its number in the authors' annotations, or run "
            "tfds.load('cars196', data_dir=DATA_DIR).",
            "cars196",
            {"train": "train", "test": "test"},
        ),
    ),
)
