"""`classwise evaluate` under a protocol that leaves one out: a hasher beside baselines."""

import dataclasses
import json

import keras
import numpy as np
import pytest
from PIL import Image

from classwise import export
from classwise.zoo import Hasher, load
from classwise.zoo.datasets.catalogue import DATA_SETS

pytestmark = pytest.mark.filterwarnings("ignore:.*not the recorded ones")
THINGS, VIEWS = 5, 4
TITLES = {
    "hasher": "this hasher, 12 bits",
    "floats": "its embeddings, cosine",
    "trunk": "features of its trunk, cosine",
    "ITQ": "PCA + ITQ of these features, 12 bits",
    "pHash": "pHash of imagehash, 64 bits",
    "random": "random projection of these features, 12 bits",
}


@pytest.fixture(scope="module")
def hasher_file(tmp_path_factory):
    """An untrained hasher of 12 bits on 16 features."""
    keras.utils.set_random_seed(0)
    images = keras.Input((28, 28, 3))
    features = keras.layers.Conv2D(16, 5, strides=4, activation="relu")(images)
    path = tmp_path_factory.mktemp("model") / "small.keras"
    Hasher(keras.Model(images, features), 12, 10).save(path)
    return path


@pytest.fixture
def views(tmp_path, monkeypatch):
    """UKBench with five things, whose four views differ by noise; returns the data folder."""
    random = np.random.default_rng(0)
    for thing in range(THINGS):
        folder = tmp_path / "ukbench" / "all" / str(thing)
        folder.mkdir(parents=True)
        looks = random.integers(0, 200, (28, 28, 3))
        for view in range(VIEWS):
            pixels = looks + random.integers(0, 56, looks.shape)
            Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{view}.png")
    small = dataclasses.replace(
        DATA_SETS["ukbench"], num_classes=THINGS, num_images={"all": THINGS * VIEWS}
    )
    monkeypatch.setitem(DATA_SETS, "ukbench", small)
    return tmp_path


def test_a_hasher_stands_beside_baselines(classwise, hasher_file, views, tmp_path):
    arguments = ["evaluate", hasher_file, "--protocol", "ukbench", "--data-dir", views]
    status, out, err = classwise(*arguments, "--json", "--report", tmp_path / "report")
    assert status == 0, err
    document = json.loads(out)
    assert (document["queries"], document["leave_one_out"]) == (THINGS * VIEWS, True)
    found = document["beside_baselines"]
    assert {name: result["title"] for name, result in found.items()} == TITLES
    names = ["map", "map@r", *(f"recall@{k}" for k in (1, 2, 4, 8)), "nearest_right@4", "nmi"]
    assert all(list(result["metrics"]) == names for result in found.values())
    own = found["hasher"]["metrics"]["map"]
    for key, value in document["metrics"]["map"].items():
        assert own[key] == pytest.approx(value, abs=1e-12)
    # Views alike but for noise: pHash finds all of them.
    assert found["pHash"]["metrics"]["nearest_right@4"]["expected"] == 4
    page = (tmp_path / "report" / "index.html").read_text()
    assert "Beside baselines of the same images" in page
    assert all(title in page for title in TITLES.values())


def test_people_get_a_table(classwise, hasher_file, views, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(views))
    status, out, _ = classwise("evaluate", hasher_file, "--protocol", "ukbench")
    assert status == 0
    assert "beside baselines" in out
    table = [line for line in out[out.index("beside baselines") :].splitlines() if "│" in line]
    assert max(map(len, table)) <= 80
    for text in ("R@1", "mAP@R", "NMI", "Right of the nearest 4", *TITLES.values()):
        assert text in out, text


def test_an_exported_file_says_what_it_lacks(classwise, hasher_file, views, tmp_path):
    pytest.importorskip("tf2onnx")
    file = tmp_path / "small.onnx"
    export.to_onnx(load(hasher_file), file)
    status, out, err = classwise(
        "evaluate", file, "--protocol", "ukbench", "--data-dir", views, "--json"
    )
    assert status == 0, err
    assert "gives no features of its trunk" in " ".join(err.split())
    assert list(json.loads(out)["beside_baselines"]) == ["hasher", "floats", "pHash"]


@pytest.mark.parametrize(
    "name", ["caltech101-unseen", "flowers102-unseen", "omniglot-unseen", "ukbench"]
)
def test_without_the_images_the_way_to_them_is_told(classwise, hasher_file, name, tmp_path):
    status, out, err = classwise(
        "evaluate", hasher_file, "--protocol", name, "--data-dir", tmp_path
    )
    assert (status, out) == (2, "")
    assert "is not a folder; put " in " ".join(err.split())


def test_there_is_nothing_to_learn_from(classwise, views, tmp_path):
    recipe = tmp_path / "views.toml"
    recipe.write_text(
        'method = "dcwh"\nprotocol = "ukbench"\nbackbone = "resnet8"\ncode_length = 8\n'
        "[[stages]]\nepochs = 1\n"
    )
    status, out, err = classwise(
        "train", recipe, "--data-dir", views, "--output", tmp_path / "run", "-q"
    )
    assert (status, out) == (2, "")
    assert "ukbench of recipe views has no images to learn from: it judges only" in err
