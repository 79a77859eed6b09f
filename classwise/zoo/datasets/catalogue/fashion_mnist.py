"""Fashion-MNIST."""

from classwise.zoo.datasets.data_set import DataSet
from classwise.zoo.datasets.tfds_images import TfdsSource

DATA_SETS = (
    DataSet(
        name="fashion_mnist",
        title="Fashion-MNIST",
        url="https://github.com/zalandoresearch/fashion-mnist",
        license="MIT license, Zalando SE.",
        content="Product photographs of one retailer, gray, one centered article each on an empty "
        "ground.",
        biases="One retailer's range of the 2010s decides what a dress or a shirt is. An article "
        "on a person, at an angle, in color, or before a background is none of its images.",
        citation="""@article{xiao2017fashion,
  title   = {{Fashion-MNIST}: a Novel Image Dataset for Benchmarking Machine Learning Algorithms},
  author  = {Xiao, Han and Rasul, Kashif and Vollgraf, Roland},
  journal = {arXiv preprint arXiv:1708.07747},
  year    = {2017}
}""",
        num_classes=10,
        image_shape=(28, 28, 1),
        num_images={"train": 60_000, "test": 10_000},
        source=TfdsSource(download_host="fashion-mnist.s3-website.eu-central-1.amazonaws.com"),
        hub_id="zalando-datasets/fashion_mnist",
    ),
)
