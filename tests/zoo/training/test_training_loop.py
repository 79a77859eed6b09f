import random
import signal
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import ops

from classwise.zoo import Hasher
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.training.recipe import Augmentation, Optimizer
from classwise.zoo.training.starting_point import build_optimizer
from classwise.zoo.training.training_loop import train
from tests.zoo.training.training_script import run, toy_images, toy_recipe

SCRIPT = Path(__file__).with_name("training_script.py")


def test_stages_rounds_and_selection(finished, log_of, weights):
    log = log_of(finished)
    assert [line["epoch"] for line in log] == [1, 2, 3, 4, 5]
    assert [line["stage"] for line in log] == [1, 1, 2, 2, 2]
    assert [line["selectable"] for line in log] == [False, False, True, True, True]
    assert log[-1]["loss"] < log[0]["loss"]
    hasher = keras.saving.load_model(finished / "hasher.keras")
    assert hasher.class_names == ("black", "dark", "gray", "white")
    assert getattr(hasher, "optimizer", None) is None
    np.testing.assert_equal(weights(finished / "hasher.keras"), weights(finished / "best.keras"))


def test_the_best_epoch_of_the_last_stage_is_kept(finished, log_of):
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


@pytest.mark.large
def test_kill_at_random_moments_changes_no_weight(finished, tmp_path, log_of, weights):
    """kill -9 somewhere in an epoch, twice, and once while a checkpoint is being written."""
    directory = tmp_path / "run"
    moment = random.Random(11)
    moments = (
        ("batch", moment.randint(7, 12)),
        ("checkpoint", moment.randint(1, 2)),
        ("batch", moment.randint(1, 12)),
    )
    for kind, number in moments:
        command = [sys.executable, SCRIPT, directory, kind, str(number)]
        assert subprocess.run(command).returncode == -signal.SIGKILL
        assert len(list(directory.glob(".checkpoint.*"))) == (kind == "checkpoint")
    run(directory)
    assert [line["epoch"] for line in log_of(directory)] == [1, 2, 3, 4, 5]
    for name in ("checkpoint.keras", "hasher.keras"):
        expected = weights(finished / name)
        for mine, other in zip(weights(directory / name), expected, strict=True):
            np.testing.assert_allclose(mine, other, rtol=1e-4, atol=1e-5)


@pytest.mark.large
def test_vmf_with_exact_centers(tmp_path, monkeypatch):
    calls, train_step = [], Hasher.train_step

    def counted(self, *arguments, **options):
        calls.append(1)
        return train_step(self, *arguments, **options)

    monkeypatch.setattr(Hasher, "train_step", counted)
    path = run(tmp_path / "run", method="vmf", update="exact")
    # TensorFlow traces the step of each of two stages; PyTorch takes each of 30.
    assert len(calls) == {"tensorflow": 2, "torch": 30}[keras.backend.backend()]
    hasher = keras.saving.load_model(path)
    images = toy_images(96, "train")
    z = hasher.embed(images.images, verbose=0)
    centers = ops.convert_to_numpy(hasher.class_centers.centers)
    assert ((z @ centers.T).argmax(axis=1) == images.labels).mean() > 0.8


def test_a_class_without_images_is_named(tmp_path):
    images = toy_images(96, "train")
    without = images.select(images.labels != 2)
    with pytest.raises(InputError, match="Class 'gray' has no training image"):
        train(toy_recipe(), without, images, tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("name", ["shift", "erase"])
def test_images_too_small_for_an_augmentation(tmp_path, name):
    with pytest.raises(InputError, match=f"augmentation.{name} is 8; .* less than the 8 pixels"):
        run(tmp_path / "run", augmentation=Augmentation(**{name: 8}))
    assert not (tmp_path / "run").exists()


def test_unknown_optimizer():
    with pytest.raises(InputError, match="Unknown optimizer 'adamv'"):
        build_optimizer(toy_recipe(optimizer=Optimizer(name="adamv")), 6)


def test_the_rate_warms_up_and_falls_to_zero():
    rate = build_optimizer(toy_recipe(), steps_per_epoch=6)._learning_rate
    rates = [float(rate(step)) for step in range(31)]
    assert rates[0] == pytest.approx(0.0001)
    assert max(rates) == rates[6] == pytest.approx(0.01)
    assert rates[30] == pytest.approx(0, abs=1e-6)
    assert rates[6:] == sorted(rates[6:], reverse=True)
