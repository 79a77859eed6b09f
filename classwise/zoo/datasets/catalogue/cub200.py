"""CUB-200-2011, birds: half of the classes are learned, the others judge."""

from classwise.zoo.datasets.data_set import DataSet
from classwise.zoo.datasets.photo_source import PhotoSource
from classwise.zoo.datasets.tfds_records import Keys

DATA_SETS = (
    DataSet(
        name="cub200",
        title="CUB-200-2011",
        url="https://www.vision.caltech.edu/datasets/cub_200_2011/",
        license="TFDS names no license, so see its page; its photographs belong to those who took "
        "them.",
        content="Color photographs of 200 kinds of bird, most of them North American, one kind in "
        "each.",
        biases="Photographs come from the web and were chosen by paid labelers: birds are near, "
        "sharp and by day, and rare kinds and other continents are missing. Some are also in "
        "ImageNet, which trunks learned from.",
        citation="""@techreport{wah2011caltech,
  title       = {The {Caltech-UCSD Birds-200-2011} Dataset},
  author      = {Wah, Catherine and Branson, Steve and Welinder, Peter and Perona, Pietro and
                 Belongie, Serge},
  institution = {California Institute of Technology},
  number      = {CNS-TR-2011-001},
  year        = {2011}
}""",
        num_classes=200,
        image_shape=(224, 224, 3),
        num_images={"train": 5_994, "test": 5_794},
        source=PhotoSource(
            "run tfds.load('caltech_birds2011', data_dir=DATA_DIR), or put the folders of images "
            "into DATA_DIR/cub200/train and DATA_DIR/cub200/test, as train_test_split.txt says.",
            "caltech_birds2011",
            {"train": "train", "test": "test"},
            Keys(class_name="label_name"),
        ),
    ),
)
