"""What `to_onnx` writes beside the graph: class centers, and a model of class scores."""

import numpy as np
import onnx
import onnxruntime
import pytest

from classwise import export


@pytest.fixture(scope="module")
def report(trained, tmp_path_factory):
    path = tmp_path_factory.mktemp("companions") / "tiny.onnx"
    return export.to_onnx(trained, path, with_centers=True, outputs=["embedding"])


def run(path, images) -> dict[str, np.ndarray]:
    session = onnxruntime.InferenceSession(path)
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(None, {"images": images}), strict=True))


def test_centers_and_formula_give_the_scores(report, trained, images):
    centers, scores = report.companions
    assert [path.name for path in report.companions] == ["tiny.centres.npz", "tiny.scores.onnx"]
    with np.load(centers) as arrays:
        assert str(arrays["scores"]) == "softmax over c of k (mu_c . z), k = 4.0"
        assert arrays["class_names"].tolist() == list(trained.class_names)
        assert arrays["code_length"] == 12
        expected_codes = np.packbits(arrays["centres"] > 0, axis=1)
        np.testing.assert_array_equal(arrays["codes"], expected_codes)
        logits = 4.0 * run(report.path, images)["embedding"] @ arrays["centres"].T
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(run(scores, images)["scores"], expected, atol=1e-5)


def test_the_scores_model_tells_its_formula(report):
    props = {entry.key: entry.value for entry in onnx.load(report.companions[1]).metadata_props}
    assert props["scores"] == "softmax over c of k (mu_c . z), k = 4.0"
    assert props["class_names"] == "0, 1, 2"
    assert "scores" not in {entry.key for entry in onnx.load(report.path).metadata_props}


def test_scores_beside_embedding_and_code(trained, images, tmp_path):
    outputs = ("scores", "code", "embedding")
    report = export.to_onnx(trained, tmp_path / "a.onnx", outputs=outputs)
    assert report.parity.outputs == ("embedding", "code", "scores")
    assert report.parity.max_score_difference < 1e-5
    result = run(report.path, images)
    assert list(result) == ["embedding", "code", "scores"]
    np.testing.assert_allclose(result["scores"].sum(axis=1), 1, atol=1e-5)


def test_wrong_scores_leave_no_file_at_all(trained, tmp_path, monkeypatch):
    from classwise.export.formats import to_onnx

    right = to_onnx.onnx_model

    def model(hasher, opset, batch, outputs):
        made = right(hasher, opset, batch, outputs)
        for weight in made.graph.initializer:
            if list(outputs) == ["scores"] and weight.name == "hash_layer/Add/B":
                bias = onnx.numpy_helper.to_array(weight) + 1
                weight.CopyFrom(onnx.numpy_helper.from_array(bias, weight.name))
        return made

    monkeypatch.setattr(to_onnx, "onnx_model", model)
    with pytest.raises(export.ParityError, match="scores by at most"):
        export.to_onnx(trained, tmp_path / "a.onnx", with_centers=True)
    assert not list(tmp_path.iterdir())
