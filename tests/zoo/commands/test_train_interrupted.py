"""Ctrl-C in the middle of an epoch, and a second training into the same folder."""

import json
import re
import signal
import subprocess
import sys
import time

import keras
import numpy as np
import pytest
from PIL import Image

START = "import sys; from classwise.zoo.commands import main; sys.exit(main(sys.argv[1:]))"


@pytest.fixture
def arguments(folder_recipe, tmp_path):
    """A training of four epochs, 180 steps each, on two classes of 100 images."""
    recipe = folder_recipe.read_text().replace("batch_size = 2", "batch_size = 1")
    folder_recipe.write_text(recipe.replace("epochs = 1", "epochs = 4"))
    random = np.random.default_rng(0)
    for label, name in enumerate(("bag", "coat")):
        (tmp_path / "images" / name).mkdir(parents=True)
        for number in range(100):
            pixels = random.integers(0, 100, (8, 8)) + 100 * label
            Image.fromarray(pixels.astype(np.uint8)).save(
                tmp_path / "images" / name / f"{number}.png"
            )
    folders = ["--images", tmp_path / "images", "-o", tmp_path / "run"]
    return ["train", folder_recipe, *folders, "-q", "--no-tensorboard"]


@pytest.fixture
def in_an_epoch(arguments):
    """The same training as a process, stopped in the middle of its second epoch or later."""
    process = subprocess.Popen(
        [sys.executable, "-c", START, *map(str, arguments)],
        stderr=subprocess.PIPE,
        text=True,
        # Python leaves Ctrl-C ignored where a shell has started the tests in the background.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        for line in process.stderr:
            if line.startswith("Epoch 1/4"):
                break
        time.sleep(0.1)
        process.send_signal(signal.SIGSTOP)
        yield process
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


@pytest.mark.large
def test_interrupted_training(classwise, arguments, in_an_epoch, tmp_path):
    log = tmp_path / "run" / "log.jsonl"
    epochs = len(log.read_text().splitlines())
    assert 1 <= epochs < 4

    status, out, err = classwise(*arguments)
    assert (status, out) == (2, "")
    assert f"Another training is running in {tmp_path / 'run'}; wait for it or choose" in err

    in_an_epoch.send_signal(signal.SIGINT)
    in_an_epoch.send_signal(signal.SIGCONT)
    *_, sentence = in_an_epoch.stderr.read().splitlines()
    assert in_an_epoch.wait() == 130
    told = re.fullmatch(
        "classwise train: interrupted after ([1-4]) of 4 epochs; run the same command again to go "
        "on from there.",
        sentence,
    )
    epochs = int(told[1])
    assert len(log.read_text().splitlines()) == epochs
    checkpoint = keras.saving.load_model(tmp_path / "run" / "checkpoint.keras")
    assert int(checkpoint.optimizer.iterations) == 180 * epochs
    assert not list((tmp_path / "run").glob(".checkpoint*"))

    status, out, err = classwise(*arguments)
    assert status == 0
    assert f"{epochs} of 4 epochs are done already" in err
    assert [json.loads(line)["epoch"] for line in log.read_text().splitlines()] == [1, 2, 3, 4]
    assert "Trained" in out
