"""Going on with a training, and when that is refused."""

import dataclasses
import json
import re
import resource
import shutil

import filelock
import keras
import numpy as np
import pytest
from keras import ops

from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.files import replacing_file
from classwise.zoo.training.epoch_checkpoint import EpochCheckpoint
from classwise.zoo.training.run_directory import LEFT_BEHIND, selected_epoch
from tests.zoo.training.training_script import run, toy_images


@pytest.fixture
def copy(finished, tmp_path):
    """A copy of a finished training that a test may damage."""
    return shutil.copytree(finished, tmp_path / "run")


def content(directory):
    return {path.name: path.read_bytes() for path in directory.iterdir() if path.is_file()}


@pytest.mark.large
def test_two_trainings_do_not_share_a_folder(finished):
    with (
        filelock.FileLock(finished / ".lock"),
        pytest.raises(InputError, match="Another training is running"),
    ):
        run(finished)


def test_another_recipe_is_refused(copy):
    before = content(copy)
    with pytest.raises(InputError, match="differs in seed;"):
        run(copy, seed=5)
    assert content(copy) == before


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "run").write_text("mine")
    with pytest.raises(InputError, match="is a file"):
        run(tmp_path / "run")
    assert (tmp_path / "run").read_text() == "mine"


def one_pixel(training, validation):
    pixels = training.images.copy()
    pixels[7, 3, 3, 0] ^= 1
    return dataclasses.replace(training, images=pixels), validation


def one_label(training, validation):
    labels = validation.labels.copy()
    labels[5] = (labels[5] + 1) % 4
    return training, dataclasses.replace(validation, labels=labels)


def one_less(training, validation):
    return training.select(np.arange(95)), validation


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (one_pixel, "other training images (96 then, 96 now)"),
        (one_label, "other validation images (32 then, 32 now)"),
        (one_less, "other training images (96 then, 95 now)"),
    ],
)
def test_other_images_are_refused(copy, change, message):
    before = content(copy)
    with pytest.raises(InputError, match=re.escape(message)):
        run(copy, change(toy_images(96, "train"), toy_images(32, "validation")))
    assert content(copy) == before


@pytest.mark.large
def test_before_the_first_checkpoint_nothing_is_learned_yet(copy, log_of):
    """A kill between the log and the first checkpoint: the images may still change."""
    (copy / "checkpoint.keras").unlink()
    run(copy, one_pixel(toy_images(96, "train"), toy_images(32, "validation")))
    assert [line["epoch"] for line in log_of(copy)] == [1, 2, 3, 4, 5]
    with pytest.raises(InputError, match="other training images"):
        run(copy)


def test_a_folder_of_an_older_version_goes_on(copy):
    """It has no record of images, and its recipe no key that came later."""
    (copy / "images.json").unlink()
    recipe = json.loads((copy / "recipe.json").read_text())
    del recipe["augmentation"]["erase"], recipe["trunk"]
    (copy / "recipe.json").write_text(json.dumps(recipe))
    assert run(copy).exists()


FOREIGN = {
    "empty": b"",
    "cut": b'{"name": "toy", "me',
    "a list": b"[1, 2]",
    "another program's": b'{"name": "soup", "ingredients": ["leek"]}',
    "no text": b"\xff\xfe\x00",
    "a newer version's": b'{"name": "toy", "augmentation": {"rotate": 3}}',
}


@pytest.mark.parametrize(
    ("name", "case"),
    [
        *(("recipe.json", case) for case in FOREIGN),
        *(("images.json", case) for case in FOREIGN),
        *(("log.jsonl", case) for case in FOREIGN if case != "empty"),  # before the first epoch
    ],
)
def test_a_foreign_or_damaged_file_is_named(copy, name, case):
    (copy / name).write_bytes(FOREIGN[case])
    before = content(copy)
    with pytest.raises(InputError, match=f"{name} is not what a training wrote there .*; choose"):
        run(copy)
    assert content(copy) == before


def test_a_log_that_lacks_epochs(copy):
    """Without it nobody knows which epoch was the best so far."""
    (copy / "log.jsonl").unlink()
    with pytest.raises(InputError, match="tells of 0 epochs and the checkpoint of 5; remove"):
        run(copy)


@pytest.mark.parametrize("damage", ["cut", "altered", "another type"])
@pytest.mark.parametrize("name", ["checkpoint.keras", "best.keras"])
def test_a_damaged_model_is_named(copy, name, damage):
    file = copy / name
    content = bytearray(file.read_bytes())
    if damage == "another type":
        keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]).save(file)
    else:
        content[len(content) // 2] ^= 1
        file.write_bytes(content[:1000] if damage == "cut" else content)
    with pytest.raises(InputError, match=f"{name} .*cannot be read: remove"):
        run(copy)


def test_files_left_by_a_kill_are_removed_and_no_others(copy):
    ours = []
    for name in content(copy).keys() - {".lock"}:
        with replacing_file(copy / name) as temporary:
            shutil.copyfile(copy / name, temporary)
        ours.append(temporary)
    others = [copy / ".mine.0a1b2c3d.keras", copy / ".checkpoint.notes.txt", copy / "log.txt"]
    for path in ours + others:
        path.write_text("left")
    assert len(ours) == 6
    run(copy)
    assert not any(path.exists() for path in ours)
    assert all(path.exists() for path in others)


def test_files_of_a_running_training_stay(copy):
    half = copy / ".checkpoint.0a1b2c3d.keras"
    half.write_text("being written")
    assert LEFT_BEHIND.fullmatch(half.name)
    with filelock.FileLock(copy / ".lock"), pytest.raises(InputError, match="is running"):
        run(copy)
    assert half.exists()


@pytest.fixture
def disk_fills_up(monkeypatch):
    """A limit on the size of files fails a write in the middle of it, as a full disk does."""
    original = EpochCheckpoint.on_epoch_end
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(self, epoch, logs=None):
        if epoch == 1:
            resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limits[1]))
        original(self, epoch, logs)

    monkeypatch.setattr(EpochCheckpoint, "on_epoch_end", fill)
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.large
@pytest.mark.usefixtures("disk_fills_up")
def test_a_disk_that_fills_up_leaves_the_last_epoch(tmp_path):
    with pytest.raises(OSError, match="File too large"):
        run(tmp_path / "run")
    assert set(content(tmp_path / "run")) == {
        ".lock",
        "recipe.json",
        "images.json",
        "log.jsonl",
        "checkpoint.keras",
    }
    checkpoint = keras.saving.load_model(tmp_path / "run" / "checkpoint.keras")
    assert int(ops.convert_to_numpy(checkpoint.optimizer.iterations)) == 6


def test_the_last_of_the_best_epochs_is_selected():
    log = [
        {"epoch": epoch, "selectable": epoch > 2, "val_accuracy": score}
        for epoch, score in enumerate([0.9, 0.99, 0.8, 0.9, 0.9, 0.7], start=1)
    ]
    assert selected_epoch(log)["epoch"] == 5
