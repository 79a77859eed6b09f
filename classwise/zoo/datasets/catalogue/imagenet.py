"""ImageNet-1k, which weights of others were trained on; read where a user has it."""

import json
from pathlib import Path

from classwise.zoo.datasets.data_set import DataSet
from classwise.zoo.datasets.photo_source import PhotoSource
from classwise.zoo.datasets.tfds_records import Keys

# Names of WordNet by its ids, whose order is that of the classes; of two classes with one name, one
# has a word in brackets.
CLASSES = json.loads(Path(__file__).with_name("imagenet_classes.json").read_text(encoding="utf-8"))

DATA_SETS = (
    DataSet(
        name="imagenet",
        title="ImageNet-1k",
        url="https://www.image-net.org",
        license="Its images are given to researchers for non-commercial research and education; "
        "these weights were published by others.",
        content="Photographs from the web in a thousand classes, over a hundred of them breeds of "
        "dog.",
        biases="Photographs and labels come from the web and from paid labelers: countries, "
        "people and things are not shown in their true proportions, and many images show people "
        "who were never asked.",
        citation="""@article{russakovsky2015imagenet,
  title   = {{ImageNet} Large Scale Visual Recognition Challenge},
  author  = {Russakovsky, Olga and Deng, Jia and Su, Hao and Krause, Jonathan and Satheesh, Sanjeev
             and Ma, Sean and Huang, Zhiheng and Karpathy, Andrej and Khosla, Aditya and
             Bernstein, Michael and Berg, Alexander C. and Fei-Fei, Li},
  journal = {International Journal of Computer Vision},
  volume  = {115},
  pages   = {211--252},
  year    = {2015}
}""",
        num_classes=len(CLASSES),
        class_names=tuple(CLASSES.values()),
        image_shape=(224, 224, 3),
        num_images={"train": 1_281_167, "validation": 50_000},
        source=PhotoSource(
            "put its photographs into DATA_DIR/imagenet/train and DATA_DIR/imagenet/validation, a "
            "sub-folder such as n01440764 for each class, or run tfds.load('imagenet2012', "
            "data_dir=DATA_DIR), whose page says how it is given the archives.",
            "imagenet2012",
            {"train": "train", "validation": "validation"},
            Keys(name="file_name"),
        ),
        hub_id="ILSVRC/imagenet-1k",
    ),
)
