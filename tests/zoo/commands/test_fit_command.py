"""`classwise fit`: journeys, interruptions, bad input, each one sentence."""

import json
import os
import resource
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from classwise import zoo
from classwise.zoo.encoding.encoders import KerasEncoder
from classwise.zoo.fitting.fitting_plan import FittingPlan
from classwise.zoo.fitting.pseudo_class_model import PseudoClassModel

TRUNK = ("--trunk", "dcwh_resnet9_fashion_mnist_48")
START = "import sys; from classwise.zoo.commands import main; sys.exit(main(sys.argv[1:]))"
COUNT = 150


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """A tree of 150 photos, and a text file among them."""
    folder = tmp_path_factory.mktemp("journey") / "photos"
    for number, image in enumerate(zoo.load_sample("fashion_mnist").images[:COUNT]):
        path = folder / f"{number % 3}" / f"{number:03d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image[..., 0]).save(path)
    (folder / "notes.txt").write_text("none")
    return folder


@pytest.fixture(autouse=True)
def few_steps(monkeypatch):
    """Fittings of 40 steps."""
    names = list(FittingPlan.__dataclass_fields__)
    defaults = list(FittingPlan.__init__.__defaults__)
    defaults[names.index("steps")] = 40
    monkeypatch.setattr(FittingPlan.__init__, "__defaults__", tuple(defaults))


@pytest.fixture
def fit(classwise, photos, tmp_path):
    """Fits to a folder, by default that of the photos, with more options."""

    def run(*options, images=photos, output=tmp_path / "mine.keras"):
        return classwise("fit", images, "-o", output, *TRUNK, *options)

    return run


def left(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_folder_becomes_a_hasher(fit, classwise, photos, tmp_path):
    status, out, err = fit("--code-length", "24")
    assert (status, left(tmp_path)) == (0, ["mine.keras"]), err
    assert "1 file left out that is no image: notes.txt" in err
    assert f"24-bit codes of {COUNT} images, 2 to 30 pseudo-classes" in out
    assert "Without labels, this is known of the codes:" in out
    assert "of the images share their code with another." in out
    command = out.splitlines()[-1].removeprefix("Next: classwise ").split()
    assert command[:2] == ["encode", str(tmp_path / "mine.keras")]
    command[command.index("codes.npz")] = str(tmp_path / "codes.npz")
    assert classwise(*command)[0] == 0
    with np.load(tmp_path / "codes.npz") as codes:
        assert codes["codes"].shape == (COUNT, 3)
        hasher = zoo.load(tmp_path / "mine.keras")
        pixels = zoo.read_images([photos / name for name in codes["names"]], (28, 28, 1))
        np.testing.assert_array_equal(codes["codes"], hasher.encode(pixels, verbose=0))


def test_json_report_and_kept_features(fit, tmp_path):
    options = ("--json", "--features", tmp_path / "kept", "--report", tmp_path / "page")
    status, out, err = fit(*options, "--method", "vmf")
    assert status == 0, err
    document = json.loads(out)
    assert document["images"] == COUNT
    assert document["method"] == "vmf"
    assert set(document["quality"]["recall"]) == {"10", "100"}
    assert document["report"] == str(tmp_path / "page" / "index.html")
    assert left(tmp_path / "page") == [".classwise-files.json", "figures", "index.html"]
    assert left(tmp_path / "page" / "figures") == [
        f"neighbors_by_{kind}"
        for kind in ("codes.png", "codes.svg", "features.png", "features.svg")
    ]
    page = (tmp_path / "page" / "index.html").read_text()
    assert "64-bit codes of 150 images" in page
    assert f"{document['quality']['shared_codes']:.1%}" in page
    assert left(tmp_path) == ["kept", "mine.keras", "page"]


def weights(path):
    return zoo.load(path).hash_layer.get_weights()


@pytest.mark.large
def test_the_same_seed_gives_the_same_file(fit, tmp_path):
    for name in ("first", "second"):
        assert fit("--seed", "5", output=tmp_path / f"{name}.keras")[0] == 0
    for first, second in zip(
        weights(tmp_path / "first.keras"), weights(tmp_path / "second.keras"), strict=True
    ):
        np.testing.assert_array_equal(first, second)


@pytest.mark.large
@pytest.mark.parametrize("where", ["features", "fitting"])
def test_an_interrupted_fitting_goes_on(fit, tmp_path, monkeypatch, where):
    """Ctrl-C in the third batch of images, or in the tenth step."""
    assert fit(output=tmp_path / "whole.keras")[0] == 0
    owner, name, calls = {
        "features": (KerasEncoder, "encode_batch", 2),
        "fitting": (PseudoClassModel, "train_on_batch", 10),
    }[where]
    real, seen = getattr(owner, name), []

    def interrupted(self, *arguments):
        seen.append(1)
        if len(seen) > calls:
            raise KeyboardInterrupt
        return real(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, interrupted)
        status, out, err = fit()
    assert (status, out) == (130, "")
    assert "Run the same command again to go on" in err
    assert left(tmp_path) == ["mine.keras.part", "whole.keras"]

    encoded = []

    def counted(self, images):
        encoded.append(len(images))
        return real_encode(self, images)

    real_encode = KerasEncoder.encode_batch
    monkeypatch.setattr(KerasEncoder, "encode_batch", counted)
    assert fit()[0] == 0
    assert sum(encoded) == (COUNT - 2 * 64 if where == "features" else 0)
    assert left(tmp_path) == ["mine.keras", "whole.keras"]
    for first, second in zip(
        weights(tmp_path / "mine.keras"), weights(tmp_path / "whole.keras"), strict=True
    ):
        np.testing.assert_array_equal(first, second)


def test_another_command_does_not_go_on_with_its_features(fit, tmp_path, monkeypatch):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(PseudoClassModel, "train_on_batch", interrupted)
        assert fit()[0] == 130
    status, _, err = fit("--image-size", "32")
    assert status == 2
    assert "mine.keras.part was begun with other trunk" in err


def made_of(folder, images):
    folder.mkdir()
    for number, image in enumerate(images):
        Image.fromarray(image).save(folder / f"{number:04d}.png")
    return folder


@pytest.mark.parametrize(
    ("images", "words"),
    [
        (list(np.random.default_rng(0).integers(0, 256, (49, 8, 8), np.uint8)), "There are 49 im"),
        ([np.full((8, 8), 9, np.uint8)] * 200, "There are 200 images, 1 of them different"),
        (
            [np.full((8 + n, 8, 3), (200, 30, 30), np.uint8) for n in range(60)],
            "There are 60 images, 1 of them different",
        ),
    ],
    ids=["too few", "copies", "one color"],
)
def test_images_that_nothing_can_be_fitted_to(fit, tmp_path, images, words):
    folder = made_of(tmp_path / "photos", images)
    status, out, err = fit(images=folder)
    assert (status, out) == (2, "")
    sentence = err.splitlines()[-1]
    assert words in sentence
    assert sentence.endswith("add images, or take a preset.")
    assert left(tmp_path) == ["photos"]


def test_many_copies_among_others(fit, photos, tmp_path):
    originals = [np.asarray(Image.open(path)) for path in sorted(photos.glob("*/*.png"))[:60]]
    folder = made_of(tmp_path / "photos", originals + [originals[0]] * 1000)
    status, out, err = fit("--json", images=folder)
    assert status == 0, err
    assert json.loads(out)["quality"]["distinct_codes"] > 40


@pytest.mark.parametrize("damage", ["no image", "cut short"])
def test_an_unreadable_file(fit, photos, tmp_path, damage):
    images = [np.asarray(Image.open(path)) for path in sorted(photos.glob("*/*.png"))]
    folder = made_of(tmp_path / "photos", images)
    whole = (folder / "0100.png").read_bytes()
    bad = b"none" if damage == "no image" else whole[: len(whole) // 2]
    (folder / "0100.png").write_bytes(bad)
    status, out, err = fit(images=folder)
    assert (status, out) == (2, "")
    assert "0100.png" in err.splitlines()[-1]
    assert "--skip-bad-files" in err.splitlines()[-1]
    assert not (tmp_path / "mine.keras").exists()
    options = ("--skip-bad-files", "--json", "--report", tmp_path / "page")
    status, out, err = fit(*options, images=folder, output=tmp_path / "other.keras")
    assert status == 0, err
    assert "skipped 0100.png" in err
    assert (json.loads(out)["images"], json.loads(out)["skipped"]) == (COUNT - 1, 1)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--code-length", "0"), "from 1 to 4,096"),
        (("--method", "vfm"), "did you mean 'vmf'"),
        (("--trunk", "efficientnet_lite0"), "Unknown preset or file"),
        (("--image-size", "0"), "from 1 to 4,096"),
        (("-o", "mine.h5"), "must end in .keras"),
        (("-o", "folder.keras"), "is a folder; name a file in it"),
        (("--report", "notes.txt"), "is a file"),
        (("missing",), "'missing' is not a folder"),
        (("--import", "no_such_module"), "--import no_such_module"),
    ],
    ids=str,
)
def test_arguments_are_checked_before_tensorflow_loads(photos, tmp_path, options, words):
    (tmp_path / "folder.keras").mkdir()
    (tmp_path / "notes.txt").write_text("none")
    code = START.replace(
        "sys.exit(main(sys.argv[1:]))",
        "status = main(sys.argv[1:]); print('tensorflow' in sys.modules); sys.exit(status)",
    )
    images = options if options == ("missing",) else (str(photos), *options)
    output = () if "-o" in options else ("-o", "mine.keras")
    done = subprocess.run(
        [sys.executable, "-c", code, "fit", *images, *output],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    assert done.returncode == 2, done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout in ("", "False\n")  # argparse ends the process itself
    assert left(tmp_path) == ["folder.keras", "notes.txt"]


@pytest.mark.parametrize("limit", [1000, 300_000], ids=["features", "hasher"])
def test_a_full_disk(photos, tmp_path, limit):
    """The disk is full as features are written, or as the hasher is."""
    arguments = ["fit", photos, "-o", tmp_path / "out" / "mine.keras", *TRUNK]
    done = subprocess.run(
        [sys.executable, "-c", START, *map(str, arguments)],
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert str(tmp_path / "out" / "mine.keras") in done.stderr.splitlines()[-1]
    assert not (tmp_path / "out" / "mine.keras").exists()
    assert not list(tmp_path.glob("out/.mine*"))
