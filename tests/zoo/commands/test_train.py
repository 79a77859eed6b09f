import itertools
import json
import re
import resource
import shutil
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import keras
import pytest
from PIL import Image

from classwise.zoo.commands.train_command import next_command
from classwise.zoo.training import learning_images, list_recipes, read_recipe


@pytest.fixture
def arguments(folder_recipe, image_folder, tmp_path):
    """A training of one epoch on an image folder into `tmp_path/run`."""
    return ["train", folder_recipe, "--images", image_folder, "-o", tmp_path / "run", "-q"]


@pytest.fixture
def reading_prints(monkeypatch):
    """Reading images prints to stdout, as TFDS does when it downloads."""

    def load_and_print(*given):
        print("Downloading and preparing ...")
        return original(*given)

    original = learning_images.learning_images
    monkeypatch.setattr(learning_images, "learning_images", load_and_print)


@pytest.mark.usefixtures("reading_prints")
def test_train_on_a_folder_and_go_on(classwise, arguments, tmp_path):
    status, out, err = classwise(*arguments, "--json")
    assert status == 0
    assert "Downloading" in err
    assert "Training images: 4. Validation images: 2. Epochs: 1." in err
    assert "Epoch 1/1: loss " in err
    document = json.loads(out)
    assert keras.saving.load_model(document["model"]).class_names == ("bag", "coat")
    assert document["selected"]["epoch"] == 1
    assert (tmp_path / "run" / "tensorboard").is_dir()
    status, out, err = classwise(*arguments)
    assert status == 0
    assert "1 of 1 epochs are done already" in err
    model = tmp_path / "run" / "hasher.keras"
    assert out.startswith(f"Trained {model}: epoch 1, validation accuracy ")
    assert out.endswith(f"Next: classwise encode {model} {arguments[3]} --output codes.npz\n")
    assert len((tmp_path / "run" / "log.jsonl").read_text().splitlines()) == 1


def test_the_next_command_can_be_typed():
    options = Namespace(images=None, data_dir=Path("my data"))
    assert next_command(Path("runs/x/hasher.keras"), options, "cifar10-full") == (
        "classwise evaluate runs/x/hasher.keras --protocol cifar10-full --data-dir 'my data'"
    )


def test_other_images_are_refused(classwise, arguments, image_folder):
    assert classwise(*arguments)[0] == 0
    (image_folder / "bag" / "0.png").rename(image_folder / "bag" / "9.png")
    status, out, err = classwise(*arguments)
    assert (status, out) == (2, "")
    assert "holds a training with other training images (4 then, 4 now)" in err
    assert "Traceback" not in err


def test_a_folder_with_one_class_is_refused(classwise, arguments, image_folder):
    for file in (image_folder / "bag").iterdir():
        file.unlink()
    (image_folder / "bag").rmdir()
    status, out, err = classwise(*arguments)
    assert (status, out) == (2, "")
    *_, sentence = err.splitlines()
    assert sentence.endswith(
        "has one sub-folder, coat; give it one for each of two or more classes."
    )


@pytest.mark.large
def test_bad_files_are_named_or_left_out(classwise, arguments, image_folder, tmp_path):
    """A file that is cut shows only when its pixels are read."""
    Image.effect_noise((300, 300), 50).save(image_folder / "coat" / "cut.png")
    whole = (image_folder / "coat" / "cut.png").read_bytes()
    (image_folder / "coat" / "cut.png").write_bytes(whole[: len(whole) // 2])
    status, out, err = classwise(*arguments)
    assert (status, out) == (2, ""), err
    *_, sentence = err.splitlines()
    assert sentence.startswith("classwise train: ")
    assert "cut.png" in sentence
    assert "Error" not in sentence  # TensorFlow wraps it in the name of its own
    assert "Traceback" not in err
    status, _, err = classwise(*arguments[:-3], "-o", tmp_path / "skipped", "--skip-bad-files")
    assert status == 0
    assert "skipped coat/cut.png: not a readable image\n1 file skipped" in err


def test_input_errors(classwise, folder_recipe, image_folder, tmp_path):
    bad = tmp_path / "bad.toml"
    bad.write_text(folder_recipe.read_text().replace("resnet8", "resnet21"))
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(folder_recipe.read_text().replace('"dcwh"', '"dwch"'))
    large = tmp_path / "large.toml"
    large.write_text(folder_recipe.read_text() + "[augmentation]\nerase = 9\n")
    tfds = tmp_path / "tfds.toml"
    tfds.write_text(folder_recipe.read_text().replace('"folder"', '"fashion-mnist-full"'))
    single = tmp_path / "single"
    (single / "bag").mkdir(parents=True)
    (image_folder / "bag" / "0.png").rename(single / "bag" / "0.png")
    shutil.copytree(image_folder / "coat", single / "coat")
    empty = tmp_path / "empty"
    (empty / "bag").mkdir(parents=True)
    for arguments, message in (
        (("dcwh_resnet20",), "Unknown recipe 'dcwh_resnet20'; did you mean"),
        ((folder_recipe,), "an image folder (--images) goes with"),
        ((tfds, "--images", image_folder), "an image folder (--images) goes with"),
        ((tfds, "--data-dir", tmp_path / "gone"), "is not a folder; name the one that holds"),
        ((bad, "--images", image_folder), "Unknown backbone 'resnet21'; did you mean"),
        ((wrong, "--images", image_folder), "Unknown method 'dwch'; did you mean 'dcwh'?"),
        ((large, "--images", image_folder), "augmentation.erase is 9; it must be less than the 8"),
        ((folder_recipe, "--images", single), "has 1 image"),
        ((folder_recipe, "--images", empty), "holds no image"),
        ((folder_recipe, "--images", image_folder, "--code-length", "0"), "'0' is not allowed"),
        ((folder_recipe, "--images", image_folder, "--code-length", "5000"), "'5000' is not allow"),
    ):
        status, out, err = classwise("train", *arguments, "-o", tmp_path / "run", "-q")
        assert (status, out) == (2, ""), err
        assert message in err
        assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("target", ["below a file", "read-only"])
def test_a_target_that_cannot_be_written(classwise, arguments, tmp_path, target):
    """Nobody may write into /sys, root neither."""
    (tmp_path / "file").write_text("mine")
    folder = tmp_path / "file" / "run" if target == "below a file" else Path("/sys/classwise/run")
    status, out, err = classwise(*arguments[:4], "-o", folder)
    assert (status, out) == (2, "")
    assert err.splitlines()[-1].startswith(f"classwise train: {folder.parent}")
    assert "Traceback" not in err
    assert (tmp_path / "file").read_text() == "mine"


def test_a_full_disk_is_named(classwise, arguments, tmp_path):
    """A limit on the size of files fails a write in the middle of it, as a full disk does."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        status, out, err = classwise(*arguments)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (status, out) == (2, "")
    assert err.splitlines()[-1].startswith(f"classwise train: {tmp_path / 'run'}")
    assert err.rstrip().endswith("File too large.")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["shoes"], "Unknown recipe 'shoes'. The nearest: "),
        ([], "Name a recipe, or give --images DIR, a folder of photos with one sub-folder a class"),
        (["--images", "gone"], "'gone' is not a folder; name a folder of images."),
        (["--images", "one"], "'one' has one sub-folder, bag; give it one for each"),
        (["--images", "one", "-o", "one/bag/0.png"], "one/bag/0.png is a file; --output must"),
        (
            ["--images", "one", "-o", "other"],
            "other holds a training by a recipe that differs in name, protocol, ",
        ),
        (["--images", "one", "--epochs", "1"], "epochs is 1; it must be 2 or more, one a stage."),
        (
            ["--images", "one", "--image-size", "0"],
            "argument --image-size: '0' is not allowed; give",
        ),
    ],
)
def test_what_is_wrong_is_told_before_tensorflow_loads(tmp_path, arguments, sentence):
    (tmp_path / "one" / "bag").mkdir(parents=True)
    Image.effect_noise((40, 40), 50).save(tmp_path / "one" / "bag" / "0.png")
    (tmp_path / "other").mkdir()
    recipe = read_recipe("dcwh_resnet9_fashion_mnist_16")
    (tmp_path / "other" / "recipe.json").write_text(json.dumps(recipe.to_dict()))
    (tmp_path / "other" / "checkpoint.keras").touch()
    code = (
        "import sys; from classwise.zoo.commands import main; "
        f"status = main({['train', *arguments]!r}); "
        "sys.exit(10 * ('tensorflow' in sys.modules) + status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 2, done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f"classwise train: {sentence}")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "other"]


@pytest.mark.large
def test_a_folder_of_photos_needs_no_recipe(classwise, image_folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    changes = ["--image-size", "32", "--epochs", "3", "--batch-size", "2", "--code-length", "12"]
    status, out, err = classwise("train", "--images", image_folder, *changes, "-q", "--json")
    assert status == 0, err
    document = json.loads(out)
    assert document["model"] == f"runs/{image_folder.name}/hasher.keras"
    told = document["recipe"]
    assert [stage["epochs"] for stage in told["stages"]] == [2, 1]
    assert (told["method"], told["batch_norm"]) == ("dcwh", "inference")
    hasher = keras.saving.load_model(document["model"])
    assert (hasher.image_shape, hasher.code_length) == ((32, 32, 3), 12)
    assert hasher.class_names == ("bag", "coat")
    assert hasher.batch_norm == "inference"
    _, _, err = classwise("train", "--images", image_folder, *changes, "-q", "--method", "vmf")
    assert "holds a training by a recipe that differs in method" in err


def test_help_in_a_narrow_terminal(classwise, monkeypatch):
    """Recipes that differ in method, code length or data set share a line."""
    monkeypatch.setenv("COLUMNS", "60")
    _, out, _ = classwise("train", "--help")
    assert max(len(line) for line in out.splitlines()) <= 60
    choices = out.partition("Bundled recipes: ")[2].split()
    assert len(choices) <= 20
    parts = [re.findall(r"{[^}]*}|[^{]+", choice) for choice in choices]
    values = [[part.strip("{}").split(",") for part in choice] for choice in parts]
    names = ["".join(chosen) for choice in values for chosen in itertools.product(*choice)]
    assert sorted(names) == sorted(list_recipes())
