import json

import keras
import pytest
from keras import ops

from tests.zoo.training.training_script import run


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """The folder of an uninterrupted training; not to be changed."""
    return run(tmp_path_factory.mktemp("finished") / "run").parent


@pytest.fixture(scope="session")
def weights():
    """Returns a function that reads the weights of a model file."""

    def read(path):
        return [ops.convert_to_numpy(weight) for weight in keras.saving.load_model(path).weights]

    return read


@pytest.fixture(scope="session")
def log_of():
    """Returns a function that reads the log in the folder of a training."""

    def read(directory):
        return [json.loads(line) for line in (directory / "log.jsonl").read_text().splitlines()]

    return read
