"""Sets of the field as TFDS prepares them, small: trained on and judged by their protocols."""

import dataclasses
import io
import json

import keras
import numpy as np
import pytest
from PIL import Image

from classwise.zoo.backbones import BACKBONES
from classwise.zoo.datasets.catalogue import DATA_SETS
from classwise.zoo.datasets.encoded_images import EncodedImages
from classwise.zoo.datasets.file_part import FilePart
from classwise.zoo.datasets.protocols import PROTOCOLS
from classwise.zoo.datasets.split_rules import FirstClasses

CLASSES, EACH = 6, 6
RECIPE = """
method = "{method}"
protocol = "{protocol}"
backbone = "one_convolution"
code_length = {length}
batch_size = 6
image_shape = [16, 16, 3]
[[stages]]
epochs = 1
"""


def photo(label: int, number: int) -> io.BytesIO:
    """A photograph of a size of its own, some of them gray, whose looks tell its class."""
    random = np.random.default_rng([label, number])
    look = np.random.default_rng(label).integers(0, 200, (1, 1, 3))
    pixels = look + random.integers(0, 56, (18 + number, 24, 3))
    image = Image.fromarray(pixels.astype(np.uint8))
    buffer = io.BytesIO()
    (image.convert("L") if number == 3 else image).save(buffer, "JPEG")
    buffer.seek(0)
    return buffer


def cub200(tfds):
    features = {
        "bbox": tfds.features.BBoxFeature(),
        "image": tfds.features.Image(),
        "image/filename": tfds.features.Text(),
        "label": tfds.features.ClassLabel(num_classes=CLASSES),
        "label_name": tfds.features.Text(),
        "segmentation_mask": tfds.features.Image(shape=(None, None, 1)),
    }

    def example(label, number):
        return {
            "bbox": tfds.features.BBox(0.0, 0.0, 1.0, 1.0),
            "image": photo(label, number),
            "image/filename": f"{label}/{number}.jpg",
            "label": label,
            "label_name": f"bird_{label}",
            "segmentation_mask": np.full((18 + number, 24, 1), 255, np.uint8),
        }

    return "caltech_birds2011", features, example


def cars196(tfds):
    names = [f"Make {label} 2012" for label in range(CLASSES)]
    features = {
        "bbox": tfds.features.BBoxFeature(),
        "id": tfds.features.Text(),
        "image": tfds.features.Image(),
        "label": tfds.features.ClassLabel(names=names),
    }

    def example(label, number):
        return {
            "bbox": tfds.features.BBox(0.0, 0.0, 1.0, 1.0),
            "id": f"{label}{number:04d}",
            "image": photo(label, number),
            "label": names[label],
        }

    return "cars196", features, example


def sop(tfds):
    features = {
        "class_id": tfds.features.ClassLabel(num_classes=CLASSES),
        "image": tfds.features.Image(),
        "super_class_id": tfds.features.ClassLabel(names=["chair", "kettle"]),
        "super_class_id/num": tfds.features.ClassLabel(num_classes=2),
    }

    def example(label, number):
        kind = label % 2
        return {
            "class_id": label,
            "image": photo(label, number),
            "super_class_id": kind,
            "super_class_id/num": kind,
        }

    return "stanford_online_products", features, example


SETS = {"cub200-unseen": cub200, "cars196-unseen": cars196, "sop-unseen": sop}
# Which classes and photographs a split has: those of SOP have no class in common.
MIXED = {"train": (range(CLASSES), range(0, EACH - 2)), "test": (range(CLASSES), (4, 5))}
APART = {"train": (range(3), range(EACH)), "test": (range(3, CLASSES), range(EACH))}


def one_convolution(input_shape: tuple[int, int, int]) -> keras.Model:
    images = keras.Input(input_shape)
    x = keras.layers.Conv2D(8, 4, strides=4)(keras.layers.Rescaling(1 / 255)(images))
    return keras.Model(images, keras.layers.GlobalAveragePooling2D()(x))


@pytest.fixture(params=SETS)
def prepared(request, tmp_path, monkeypatch, capsys):
    """Returns a protocol, and the folder where its small set lies as TFDS stores it."""
    import tensorflow_datasets as tfds

    protocol = PROTOCOLS[request.param]
    tfds_name, features, example = SETS[request.param](tfds)
    parts = APART if request.param == "sop-unseen" else MIXED

    class Stored(tfds.core.GeneratorBasedBuilder, skip_registration=True):
        name = tfds_name
        VERSION = tfds.core.Version("1.0.0")

        def _info(self):
            found = tfds.features.FeaturesDict(features)
            return tfds.core.DatasetInfo(builder=self, features=found)

        def _split_generators(self, manager):
            return {split: self._generate_examples(*chosen) for split, chosen in parts.items()}

        def _generate_examples(self, labels, numbers):
            for label in labels:
                for number in numbers:
                    yield label * EACH + number, example(label, number)

    Stored(data_dir=str(tmp_path)).download_and_prepare()
    counts = {split: len(labels) * len(numbers) for split, (labels, numbers) in parts.items()}
    small = dataclasses.replace(DATA_SETS[protocol.dataset], num_classes=CLASSES, num_images=counts)
    monkeypatch.setitem(DATA_SETS, protocol.dataset, small)
    rule = protocol.rule
    if isinstance(rule, FirstClasses):
        rule = dataclasses.replace(rule, learned=3)
    half = CLASSES // 2 * EACH
    few = dataclasses.replace(
        protocol,
        rule=rule,
        validation_per_class=1,
        published={"learning": half, "queries": half},
    )
    monkeypatch.setitem(PROTOCOLS, protocol.name, few)
    monkeypatch.setitem(BACKBONES, "one_convolution", one_convolution)
    capsys.readouterr()  # what TFDS said
    return few, tmp_path


def test_shares_are_halves_of_the_classes_and_images_stay_in_their_shards(prepared):
    protocol, place = prepared
    split = protocol.load(place)
    labels = split.images.labels
    assert set(labels[split.positions["queries"]]) == {3, 4, 5}
    assert split.database is split.queries
    learned = np.concatenate([split.positions["training"], split.positions["validation"]])
    assert sorted(labels[learned]) == [label for label in range(3) for _ in range(EACH)]
    if protocol.dataset == "cub200":
        assert split.images.class_names == tuple(f"bird_{label}" for label in range(CLASSES))
    encoded = split.images.images
    assert isinstance(encoded, EncodedImages)
    assert all(isinstance(file, FilePart) for file in encoded.files)
    found = sorted(encoded.encoded(position) for position in range(len(labels)))
    wanted = [photo(label, number).getvalue() for label in range(CLASSES) for number in range(EACH)]
    assert found == sorted(wanted)


def test_a_hasher_is_trained_and_judged(classwise, prepared):
    protocol, place = prepared
    # One training a set is enough: both methods, codes and floats are among them.
    method, length = ("vmf", 512) if protocol.dataset == "sop" else ("dcwh", 8)
    recipe = place / f"{method}_small_{length}.toml"
    recipe.write_text(RECIPE.format(method=method, length=length, protocol=protocol.name))
    run = place / "run"
    status, _, err = classwise(
        "train", recipe, "--data-dir", place, "--output", run, "-q", "--no-tensorboard"
    )
    assert status == 0, err
    status, out, err = classwise(
        *("evaluate", run / "hasher.keras", "--protocol", protocol.name),
        *("--data-dir", place, "--embeddings", "--json"),
    )
    assert status == 0, err
    document = json.loads(out)
    asked = CLASSES // 2 * EACH
    assert (document["queries"], document["leave_one_out"]) == (asked, True)
    recalls = [f"recall@{k}" for k in protocol.recall_at if k < asked]
    clusters = [] if protocol.dataset == "sop" else ["nmi"]
    floats = document["beside_baselines"]["floats"]["metrics"]
    assert list(floats) == ["map", "map@r", *recalls, *clusters]
    assert [name for name in document["embedding"]["metrics"] if "@r" not in name] == [
        *recalls,
        "r_precision",
        *clusters,
    ]


def test_another_size_than_the_published_one_is_refused(classwise, prepared, monkeypatch):
    protocol, place = prepared
    other = dataclasses.replace(protocol, published={**protocol.published, "queries": 5_924})
    monkeypatch.setitem(PROTOCOLS, protocol.name, other)
    recipe = place / "small.toml"
    recipe.write_text(RECIPE.format(method="dcwh", length=8, protocol=protocol.name))
    status, out, err = classwise("train", recipe, "--data-dir", place, "--output", place / "run")
    assert (status, out) == (2, "")
    assert f"18 images of {protocol.name} ask where 5,924 are published" in " ".join(err.split())
