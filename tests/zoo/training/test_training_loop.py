import json
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import filelock
import keras
import numpy as np
import pytest
from keras import ops

from classwise.zoo.errors import InputError
from classwise.zoo.training.training_loop import build_optimizer
from tests.zoo.training.training_script import run, toy_images, toy_recipe

SCRIPT = Path(__file__).with_name("training_script.py")


def weights(path):
    model = keras.saving.load_model(path)
    return [ops.convert_to_numpy(weight) for weight in model.weights]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """An uninterrupted training."""
    return run(tmp_path_factory.mktemp("finished") / "run").parent


def log_of(directory):
    return [json.loads(line) for line in (directory / "log.jsonl").read_text().splitlines()]


def test_stages_rounds_and_selection(finished):
    log = log_of(finished)
    assert [line["epoch"] for line in log] == [1, 2, 3, 4, 5]
    assert [line["stage"] for line in log] == [1, 1, 2, 2, 2]
    assert [line["selectable"] for line in log] == [False, False, True, True, True]
    assert log[-1]["loss"] < log[0]["loss"]
    hasher = keras.saving.load_model(finished / "hasher.keras")
    assert hasher.class_names == ("black", "dark", "grey", "white")
    assert getattr(hasher, "optimizer", None) is None
    np.testing.assert_equal(weights(finished / "hasher.keras"), weights(finished / "best.keras"))


def test_the_best_epoch_of_the_last_stage_is_kept(finished):
    """best.keras itself must score what the log says was best, on the validation images."""
    hasher = keras.saving.load_model(finished / "best.keras")
    epochs = int(ops.convert_to_numpy(hasher.optimizer.iterations)) // 6
    log = log_of(finished)
    best = max(line["val_accuracy"] for line in log if line["selectable"])
    assert log[epochs - 1]["val_accuracy"] == best
    images = toy_images(32, "validation")
    scores = hasher.evaluate(images.images, images.labels, return_dict=True, verbose=0)
    assert scores["accuracy"] == pytest.approx(best, abs=1e-6)
    assert scores["loss"] == pytest.approx(log[epochs - 1]["val_loss"], abs=1e-5)


def test_kill_at_a_random_moment_changes_no_weight(finished, tmp_path):
    directory = tmp_path / "run"
    moment = random.Random()
    kills = 0
    for _ in range(2):
        process = subprocess.Popen(
            [sys.executable, SCRIPT, directory], stdout=subprocess.DEVNULL, text=True
        )
        before = lines_in(directory)
        while lines_in(directory) == before and process.poll() is None:
            time.sleep(0.02)
        time.sleep(moment.uniform(0, 0.3))
        process.send_signal(signal.SIGKILL)
        kills += process.wait() == -signal.SIGKILL
    assert kills > 0
    run(directory)
    assert [line["epoch"] for line in log_of(directory)] == [1, 2, 3, 4, 5]
    for name in ("checkpoint.keras", "hasher.keras"):
        expected = weights(finished / name)
        for mine, other in zip(weights(directory / name), expected, strict=True):
            np.testing.assert_allclose(mine, other, rtol=1e-4, atol=1e-5)


def test_an_epoch_that_was_logged_but_not_saved_is_logged_once(tmp_path):
    """A kill between the log and the first checkpoint."""
    run(tmp_path / "run")
    (tmp_path / "run" / "checkpoint.keras").unlink()
    run(tmp_path / "run")
    assert [line["epoch"] for line in log_of(tmp_path / "run")] == [1, 2, 3, 4, 5]


def lines_in(directory):
    file = directory / "log.jsonl"
    return len(file.read_text().splitlines()) if file.exists() else 0


def test_interruption_leaves_the_last_epoch(tmp_path, monkeypatch):
    from classwise.zoo.training import run_directory

    def interrupt(self, epoch, logs=None):
        original(self, epoch, logs)
        if epoch == 1:
            raise KeyboardInterrupt

    original = run_directory.EpochCheckpoint.on_epoch_end
    monkeypatch.setattr(run_directory.EpochCheckpoint, "on_epoch_end", interrupt)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "run")
    assert len(log_of(tmp_path / "run")) == 2
    assert len(weights(tmp_path / "run" / "checkpoint.keras")) > 0
    assert not list((tmp_path / "run").glob(".checkpoint*"))


def test_vmf_with_exact_centers(tmp_path):
    path = run(tmp_path / "run", method="vmf", update="exact")
    hasher = keras.saving.load_model(path)
    images = toy_images(96, "train")
    z = hasher.embed(images.images, verbose=0)
    centers = ops.convert_to_numpy(hasher.class_centers.centers)
    assert ((z @ centers.T).argmax(axis=1) == images.labels).mean() > 0.8


def test_two_trainings_do_not_share_a_folder(finished):
    with (
        filelock.FileLock(finished / ".lock"),
        pytest.raises(InputError, match="Another training is running"),
    ):
        run(finished)


def test_another_recipe_is_refused(finished):
    before = (finished / "recipe.json").read_bytes()
    with pytest.raises(InputError, match="another seed"):
        run(finished, seed=5)
    assert (finished / "recipe.json").read_bytes() == before


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "run").write_text("mine")
    with pytest.raises(InputError, match="is a file"):
        run(tmp_path / "run")
    assert (tmp_path / "run").read_text() == "mine"


@pytest.mark.parametrize("damage", ["cut", "altered", "another type"])
def test_a_damaged_checkpoint_is_named(finished, tmp_path, damage):
    shutil.copytree(finished, tmp_path / "run")
    checkpoint = tmp_path / "run" / "checkpoint.keras"
    content = bytearray(checkpoint.read_bytes())
    if damage == "another type":
        keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]).save(checkpoint)
    else:
        content[len(content) // 2] ^= 1
        checkpoint.write_bytes(content[:1000] if damage == "cut" else content)
    with pytest.raises(InputError, match="cannot be read"):
        run(tmp_path / "run")


def test_a_class_without_images_is_named(tmp_path):
    from classwise.zoo.training import train

    images = toy_images(96, "train")
    without = images.select(images.labels != 2)
    with pytest.raises(InputError, match="Class 'grey' has no training image"):
        train(toy_recipe(), without, images, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_unknown_optimizer():
    from classwise.zoo.training.recipe import Optimizer

    with pytest.raises(InputError, match="Unknown optimizer 'adamv'"):
        build_optimizer(toy_recipe(optimizer=Optimizer(name="adamv")), 6)


def test_the_rate_warms_up_and_falls_to_zero():
    rate = build_optimizer(toy_recipe(), steps_per_epoch=6)._learning_rate
    rates = [float(rate(step)) for step in range(31)]
    assert rates[0] == pytest.approx(0.0001)
    assert max(rates) == rates[6] == pytest.approx(0.01)
    assert rates[30] == pytest.approx(0, abs=1e-6)
    assert rates[6:] == sorted(rates[6:], reverse=True)
