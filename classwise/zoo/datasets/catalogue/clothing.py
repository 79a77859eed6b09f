"""Clothing-small."""

from classwise.zoo.datasets.data_set import DataSet
from classwise.zoo.datasets.split_folders import SplitFolders

URL = "https://github.com/alexeygrigorev/clothing-dataset-small"

DATA_SETS = (
    DataSet(
        name="clothing",
        title="Clothing-small",
        url=URL,
        license="CC0 1.0: those who took the photographs gave them to the public domain.",
        content="Color photographs of single pieces of clothing, in ten classes, that people laid "
        "on a floor or a bed, hung up or put on.",
        biases="Most were taken by few people, at home, for the data set: their wardrobes, floors "
        "and light decide what a dress or a shirt is. The classes are unequal: a third of the "
        "photographs are of T-shirts and long sleeves. Few show clothes on a person, none a shop's "
        "studio.",
        citation="""@misc{grigorev2020clothing,
  title  = {Clothing Dataset},
  author = {Grigorev, Alexey},
  year   = {2020},
  url    = {https://github.com/alexeygrigorev/clothing-dataset}
}""",
        num_classes=10,
        image_shape=(224, 224, 3),
        num_images={"train": 3_068, "validation": 341, "test": 372},
        source=SplitFolders(
            f"clone {URL} (commit 11961516) as DATA_DIR/clothing, whose folders are its splits."
        ),
    ),
)
