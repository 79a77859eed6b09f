import logging
import os
import subprocess
import sys

import pytest

from classwise.zoo.foundation.quiet import quiet

ROUTINE = b"I0000 00:00:1795495664.240452    4352 devices.cc:67] Number of eligible GPUs\n"
ERROR = b"E0000 00:00:1795495664.240452    4352 devices.cc:67] Out of memory\n"


def test_routine_lines_are_hidden_and_others_shown(capfd):
    with quiet():
        os.write(2, ROUTINE + ERROR + b"something else\n")
    assert capfd.readouterr().err == ERROR.decode() + "something else\n"


def test_lines_before_an_exception_are_shown(capfd):
    def fail():
        os.write(2, ROUTINE + ERROR)
        raise KeyError

    with pytest.raises(KeyError), quiet():
        fail()
    assert capfd.readouterr().err == ERROR.decode()


def test_logger_levels_come_back():
    logger = logging.getLogger("tensorflow")
    before = logger.level
    with quiet():
        assert not logger.isEnabledFor(logging.WARNING)
    assert logger.level == before


def test_process_without_a_standard_error():
    saved = os.dup(2)
    os.close(2)
    try:
        with quiet():
            ran = True
    finally:
        os.dup2(saved, 2)
        os.close(saved)
    assert ran


TRAINING = """
from classwise import losses, zoo
import numpy as np

images = np.random.default_rng(0).integers(0, 256, (24, 28, 28, 1), np.uint8)
labels = np.arange(24) % 3
hasher = zoo.load("dcwh_resnet9_fashion_mnist_16", num_classes=3)
hasher.compile(optimizer="adamw", loss=losses.DCWHLoss(), metrics=["accuracy"])
import tensorflow as tf

batches = tf.data.Dataset.from_tensor_slices((images, labels)).batch(8)
hasher.fit(batches, callbacks=[losses.CenterUpdate(batches)], validation_data=batches, verbose=0)
"""


def test_training_as_documented_prints_nothing():
    """Neither TensorFlow's lines of information nor a warning, in a process that sets nothing."""
    environment = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    done = subprocess.run(
        [sys.executable, "-c", TRAINING],
        env={**environment, "KERAS_BACKEND": "tensorflow"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("", "")
