"""Oxford Flowers-102, which nothing here learns from: hashers are judged on it."""

from classwise.zoo.datasets.data_set import DataSet
from classwise.zoo.datasets.photo_source import PhotoSource

DATA_SETS = (
    DataSet(
        name="flowers102",
        title="Oxford Flowers-102",
        url="https://www.robots.ox.ac.uk/~vgg/data/flowers/102/",
        license="Its authors state no license; its photographs belong to those who took them.",
        content="Color photographs of 102 kinds of flower that grow in Britain, one kind in each.",
        biases="Flowers fill most of a photograph, in bloom and by day; leaves, buds and other "
        "countries' flowers are missing.",
        citation="""@inproceedings{nilsback2008automated,
  title     = {Automated Flower Classification over a Large Number of Classes},
  author    = {Nilsback, Maria-Elena and Zisserman, Andrew},
  booktitle = {Indian Conference on Computer Vision, Graphics and Image Processing},
  year      = {2008}
}""",
        num_classes=102,
        image_shape=(224, 224, 3),
        num_images={"all": 8_189},
        source=PhotoSource(
            "put its photographs into DATA_DIR/flowers102/all, a sub-folder 1 to 102 for each "
            "kind, or run tfds.load('oxford_flowers102', data_dir=DATA_DIR).",
            "oxford_flowers102",
            {"all": "train+test+validation"},
        ),
    ),
)
