"""Stanford Online Products: half of the products are learned, the others judge."""

from classwise.zoo.datasets.data_set import DataSet
from classwise.zoo.datasets.photo_source import PhotoSource
from classwise.zoo.datasets.tfds_records import Keys

DATA_SETS = (
    DataSet(
        name="sop",
        title="Stanford Online Products",
        url="https://cvgl.stanford.edu/projects/lifted_struct/",
        license="TFDS names no license, so see its page; its photographs belong to those who took "
        "them.",
        content="Color photographs of 22,634 products of 12 kinds, such as chairs and kettles, a "
        "few of each product.",
        biases="Sellers of one market place took them to sell by: the photographs of a product "
        "often share a room and a light, which helps to find it, and some show its label or box "
        "alone.",
        citation="""@inproceedings{song2016deep,
  title     = {Deep Metric Learning via Lifted Structured Feature Embedding},
  author    = {Song, Hyun Oh and Xiang, Yu and Jegelka, Stefanie and Savarese, Silvio},
  booktitle = {IEEE Conference on Computer Vision and Pattern Recognition},
  year      = {2016}
}""",
        num_classes=22_634,
        image_shape=(224, 224, 3),
        num_images={"train": 59_551, "test": 60_502},
        source=PhotoSource(
            "run tfds.load('stanford_online_products', data_dir=DATA_DIR), or put the photographs "
            "of Ebay_train.txt into DATA_DIR/sop/train and those of Ebay_test.txt into "
            "DATA_DIR/sop/test, a sub-folder for each product, named by its class_id.",
            "stanford_online_products",
            {"train": "train", "test": "test"},
            Keys(label="class_id"),
        ),
    ),
)
