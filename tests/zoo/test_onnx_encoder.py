import numpy as np
import pytest

from classwise.zoo import InputError
from classwise.zoo.onnx_encoder import OnnxEncoder

pytest.importorskip("onnxruntime")

IMAGES = np.random.default_rng(1).integers(0, 256, (11, 4, 3, 1), "uint8")


@pytest.mark.parametrize("batch", ["batch", 1, 4, 11, 20])
def test_codes_and_embeddings(make_onnx_file, onnx_embeddings, batch):
    encoder = OnnxEncoder(make_onnx_file(batch=batch))
    found = encoder.encode_batch(IMAGES)
    expected = onnx_embeddings(IMAGES)
    np.testing.assert_allclose(found["embeddings"], expected, rtol=1e-4, atol=1e-3)
    np.testing.assert_array_equal(found["codes"], np.packbits(expected > 0, axis=1))
    assert encoder.image_shape == (4, 3, 1)
    assert encoder.code_length == 12
    assert encoder.engine == "ONNX Runtime on cpu"


@pytest.mark.parametrize("output", ["embedding", "code"])
def test_a_file_with_one_output(make_onnx_file, onnx_embeddings, output):
    encoder = OnnxEncoder(make_onnx_file(outputs=(output,)))
    found = encoder.encode_batch(IMAGES)
    np.testing.assert_array_equal(found["codes"], np.packbits(onnx_embeddings(IMAGES) > 0, axis=1))
    assert encoder.has_embeddings == ("embeddings" in found) == (output == "embedding")
    assert encoder.code_length == 12


def test_identity_tells_files_apart(make_onnx_file):
    first, again, other = (
        OnnxEncoder(make_onnx_file(name, seed=seed)).identity
        for name, seed in (("a.onnx", 0), ("b.onnx", 0), ("c.onnx", 1))
    )
    assert first == again != other


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"input_type": "FLOAT"}, r"takes images tensor\(float\) \['batch', 4, 3, 1\]"),
        ({"outputs": ("numbers",)}, "gives numbers; a hasher exported by classwise gives"),
    ],
)
def test_a_file_of_another_project(make_onnx_file, changes, message):
    with pytest.raises(InputError, match=message):
        OnnxEncoder(make_onnx_file(**changes))
