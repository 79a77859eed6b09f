"""The first 1,000 photographs of UKBench: four views of each of 250 things."""

from classwise.zoo.datasets.data_set import DataSet
from classwise.zoo.datasets.photo_source import PhotoSource

DATA_SETS = (
    DataSet(
        name="ukbench",
        title="UKBench, its first 1,000 photographs",
        url="https://archive.org/details/ukbench",
        license="Its authors state no license; it is offered for research.",
        content="Color photographs of 250 things, each from four sides or in four places.",
        biases="Most things lie alone in one office and fill the photograph; the four views of a "
        "thing were taken within minutes.",
        citation="""@inproceedings{nister2006scalable,
  title     = {Scalable Recognition with a Vocabulary Tree},
  author    = {Nist{\\'e}r, David and Stew{\\'e}nius, Henrik},
  booktitle = {IEEE Conference on Computer Vision and Pattern Recognition},
  year      = {2006}
}""",
        num_classes=250,
        image_shape=(224, 224, 3),
        num_images={"all": 1_000},
        source=PhotoSource(
            "put ukbench00000.jpg to ukbench00999.jpg into DATA_DIR/ukbench/all, a sub-folder "
            "for each four in a row, 0 to 249.",
        ),
    ),
)
