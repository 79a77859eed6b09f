import json

import numpy as np
import pytest
import tensorflow as tf

from classwise.export.bundles import BundleReport, write_bundle
from classwise.zoo.foundation.written_folder import RECORD


@pytest.fixture(scope="module")
def report(hasher, tmp_path_factory) -> BundleReport:
    path = tmp_path_factory.mktemp("serving") / "models"
    return write_bundle("tensorflow-serving", hasher, path, name="tiny")


def test_the_version_is_a_number_below_the_models_folder(report):
    assert {entry.name for entry in report.path.iterdir()} == {
        "tiny",
        RECORD,
        "request.json",
        "response.json",
    }
    assert [entry.name for entry in (report.path / "tiny").iterdir()] == ["1"]
    assert (report.path / "tiny" / "1" / "saved_model.pb").is_file()
    assert f"--model_name=tiny --model_base_path={report.path}/tiny" in report.start


def test_request_has_the_right_answer(report, hasher):
    """TensorFlow Serving stacks the rows by name, and returns a lone output without its name."""
    request = json.loads((report.path / "request.json").read_text())
    response = json.loads((report.path / "response.json").read_text())
    loaded = tf.saved_model.load(str(report.path / "tiny" / "1"))
    signature = loaded.signatures[request["signature_name"]]
    (name,) = {key for row in request["instances"] for key in row}
    dtype = signature.structured_input_signature[1][name].dtype
    images = np.array([row[name] for row in request["instances"]])
    assert 0 <= images.min() < images.max() <= 255
    (codes,) = signature(**{name: tf.constant(images, dtype)}).values()
    assert response == {"predictions": codes.numpy().tolist()}
    assert response["predictions"] == hasher.encode(images.astype("uint8"), verbose=0).tolist()
