"""What the name of a model stands for."""

import hashlib

import keras
import numpy as np
import pytest

from classwise import zoo
from classwise.zoo import InputError
from classwise.zoo.commands import main
from classwise.zoo.encoding.encoders import open_encoder
from classwise.zoo.presets.find_model import FOLDER, PRESET, PRESET_FOLDER, TRUNK, find_model
from tests.zoo.presets.bundled import FASHION

IMAGES = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 3), np.uint8)
FOLDER_FILES = ("config.json", "metadata.json", "model.weights.h5")


@pytest.fixture(scope="module")
def hasher():
    backbone = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(4, 3)])
    return zoo.Hasher(backbone, 12, 3, class_names=("boot", "sandal", "trainer"))


@pytest.fixture(scope="module")
def own(hasher, tmp_path_factory):
    """A folder with the hasher as `mine.keras` and as the preset folder `mine`."""
    folder = tmp_path_factory.mktemp("own")
    hasher.save(folder / "mine.keras")
    hasher.save_preset(folder / "mine", onnx=False)
    return folder


def hub_files(own):
    return {path.name: path.read_bytes() for path in (own / "mine").iterdir() if path.is_file()}


def same(loaded, hasher):
    return np.array_equal(loaded.encode(IMAGES, verbose=0), hasher.encode(IMAGES, verbose=0))


def test_kinds(own, tmp_path, monkeypatch):
    (tmp_path / "empty").mkdir()
    (tmp_path / FASHION[0]).mkdir()
    (tmp_path / "mine.onnx").touch()
    monkeypatch.chdir(tmp_path)
    for name, kind in (
        (FASHION[0], PRESET),
        (f"./{FASHION[0]}", FOLDER),
        ("efficientnet_lite0_imagenet", TRUNK),
        ("empty", FOLDER),
        (own / "mine", PRESET_FOLDER),
        (own / "mine.keras", ".keras"),
        ((own / "mine.keras").as_uri(), ".keras"),
        ("mine.onnx", ".onnx"),
    ):
        assert find_model(name).kind == kind, name


@pytest.mark.parametrize("name", ["mine.keras", "mine", "./mine/", "gone/../mine"])
def test_a_file_or_a_folder_is_loaded(own, hasher, name, monkeypatch):
    monkeypatch.chdir(own)
    if name.startswith("gone"):
        with pytest.raises(InputError, match=r"There is no model file or folder gone"):
            zoo.load(name)
    else:
        assert same(zoo.load(name), hasher)
        encoder = open_encoder(name)
        np.testing.assert_array_equal(
            encoder.encode_batch(IMAGES)["codes"], hasher.encode(IMAGES, verbose=0)
        )


def test_ones_own_with_a_fresh_head(own, hasher):
    fresh = zoo.load(own / "mine", num_classes=5, code_length=20, method="vmf")
    assert (fresh.num_classes, fresh.code_length, fresh.normalize) == (5, 20, True)
    assert fresh.class_names == ("0", "1", "2", "3", "4")
    for mine, other in zip(
        fresh.backbone.get_weights(), hasher.backbone.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(mine, other)
    longer = zoo.load(own / "mine.keras", code_length=20)
    assert longer.class_names == hasher.class_names
    with pytest.raises(InputError, match=r"takes images of \(8, 8, 3\), and image_shape is"):
        zoo.load(own / "mine", image_shape=(9, 9, 3))
    with pytest.raises(InputError, match="did you mean 'vmf'"):
        zoo.load(own / "mine", method="vfm")


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("dcwh_resnt9", "Unknown preset or file .* did you mean"),
        ("gone.keras", r"There is no model file or folder gone\.keras"),
        ("ftp://a.org/mine.keras", "'ftp://a.org/mine.keras' names no model; write hf://OWNER"),
        ("http://a.org/mine.keras", "names no model"),
        ("https://me:secret@/mine.keras", "'https:///mine.keras' names no model"),
        ("https://a.org/mine", "names no model"),
        ("hf://owner", "names no model"),
        ("hf://owner/model/../other/x.onnx", "names no model"),
        ("https://a.org/mine.keras#sha256=12", "is no checksum"),
        ("file:///gone/mine.keras", "There is no model file or folder"),
    ],
)
def test_names_of_nothing(name, complaint, cache):
    with pytest.raises(InputError, match=complaint) as caught:
        zoo.load(name)
    assert "secret" not in str(caught.value)


def test_a_url_is_fetched_anew_unless_its_checksum_is_known(own, hasher, serve, cache, monkeypatch):
    server, content = serve(own), (own / "mine.keras").read_bytes()
    url = f"{server.url}/mine.keras"
    assert same(zoo.load(url), hasher)
    assert same(zoo.load(url), hasher)
    assert len(server.requests) == 2
    pinned = f"{url}#sha256={hashlib.sha256(content).hexdigest()}"
    assert same(zoo.load(pinned), hasher)
    monkeypatch.setenv("CLASSWISE_OFFLINE", "1")
    assert same(zoo.load(pinned), hasher)
    assert len(server.requests) == 2
    with pytest.raises(InputError, match="CLASSWISE_OFFLINE=1 forbids to fetch http://127"):
        zoo.load(url)
    monkeypatch.delenv("CLASSWISE_OFFLINE")
    with pytest.raises(InputError, match="has another content"):
        zoo.load(f"{url}#sha256={'0' * 64}")
    with pytest.raises(InputError, match=r"answers 404 .*check the address"):
        zoo.load(f"{server.url}/gone.keras")
    assert main(["cache", "--clean"]) == 0
    assert [path.name for path in cache.iterdir()] == [".locks"]


def test_a_url_that_sends_without_end(own, serve, answer, cache, monkeypatch):
    server = serve(own)
    server.usual = answer(repeated=1_000_000)
    monkeypatch.setenv("CLASSWISE_MODEL_BYTES", "1000000")
    with pytest.raises(InputError, match="sends more than 1000000 bytes"):
        zoo.load(f"{server.url}/mine.keras")


def test_a_hub_is_asked_for_the_files_of_a_hasher_only(own, hasher, hub, monkeypatch):
    hub.add("own/er", {**hub_files(own), "big.bin": b"x", "onnx/model.onnx": b"x"})
    assert same(zoo.load("hf://own/er"), hasher)
    assert same(zoo.load("hf://own/er@main"), hasher)
    asked = " ".join(hub.requests)
    assert all(file in asked for file in FOLDER_FILES)
    assert "big.bin" not in asked
    hub.requests.clear()
    monkeypatch.setenv("CLASSWISE_OFFLINE", "1")
    assert same(zoo.load("hf://own/er"), hasher)
    assert not hub.requests
    with pytest.raises(InputError, match=r"hf://own/other is not in the hub's cache, and CLASS"):
        zoo.load("hf://own/other")


def test_a_hub_that_is_not_there_is_replaced_by_its_cache(own, hasher, hub, monkeypatch):
    hub.add("own/er", hub_files(own))
    zoo.load("hf://own/er")
    hub.refusal = 503
    assert same(zoo.load("hf://own/er"), hasher)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:1")
    assert same(zoo.load("hf://own/er"), hasher)


def test_a_file_of_a_hub(own, hub):
    hub.add("own/er", {"sub/x.onnx": b"no graph"})
    found = find_model("hf://own/er/sub/x.onnx")
    assert (found.kind, found.path.read_bytes()) == (".onnx", b"no graph")


def test_what_a_hub_refuses(own, hub, monkeypatch):
    with pytest.raises(InputError, match=r"hf://own/er cannot be fetched: 404 .*hf auth login"):
        zoo.load("hf://own/er")
    hub.add("own/er", hub_files(own))
    monkeypatch.setenv("CLASSWISE_MODEL_BYTES", "1000")
    with pytest.raises(InputError, match=r"has [\d,]+ bytes of files, above the 1,000"):
        zoo.load("hf://own/er")


def test_an_altered_file_of_a_hub(own, hub):
    files = hub_files(own)
    content = bytearray(files["model.weights.h5"])
    content[-100] ^= 1
    hub.add("own/er", {**files, "model.weights.h5": bytes(content)})
    with pytest.raises(InputError, match=r"model\.weights\.h5 is not the file of which classwise"):
        zoo.load("hf://own/er")
