import json
import os
import resource
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from classwise import export, zoo

# Blocks classwise and Keras, then prints every signature and what it computes.
STRANGER = """
import json, sys
sys.modules["classwise"] = sys.modules["keras"] = None
import numpy as np, tensorflow as tf
loaded = tf.saved_model.load(sys.argv[1])
images = tf.constant(np.load(sys.argv[2]))
print(json.dumps({
    name: {k: v.numpy().tolist() for k, v in function(images=images).items()}
    for name, function in loaded.signatures.items()
}))
"""


def test_loads_where_neither_classwise_nor_keras_is_installed(
    hasher, saved_model_report, images, tmp_path
):
    np.save(tmp_path / "images.npy", images[:9])
    arguments = [sys.executable, "-c", STRANGER, saved_model_report.path, tmp_path / "images.npy"]
    done = subprocess.run(
        arguments, capture_output=True, text=True, check=True, env=os.environ, cwd=tmp_path
    )
    results = json.loads(done.stdout.splitlines()[-1])
    embedding = np.array(hasher(images[:9], training=False))
    codes = np.packbits(embedding > 0, axis=1).tolist()
    assert {name: sorted(result) for name, result in results.items()} == {
        "serving_default": ["code", "embedding"],
        "embed": ["embedding"],
        "hash": ["code"],
    }
    for name in ("serving_default", "embed"):
        np.testing.assert_allclose(results[name]["embedding"], embedding, atol=2e-5)
    for name in ("serving_default", "hash"):
        assert results[name]["code"] == codes


def test_signatures_names_shapes_and_types(saved_model_report):
    loaded = tf.saved_model.load(str(saved_model_report.path))
    specifications = {
        "images": tf.TensorSpec((None, 10, 8, 3), tf.uint8, "images"),
        "embedding": tf.TensorSpec((None, 12), tf.float32, "embedding"),
        "code": tf.TensorSpec((None, 2), tf.uint8, "code"),
    }
    for name, outputs in (
        ("serving_default", ["code", "embedding"]),
        ("embed", ["embedding"]),
        ("hash", ["code"]),
    ):
        function = loaded.signatures[name]
        assert function.structured_input_signature == ((), {"images": specifications["images"]})
        assert function.structured_outputs == {key: specifications[key] for key in outputs}


def test_weights_are_stored_once_and_class_centers_not_at_all(hasher, saved_model_report):
    stored = tf.train.list_variables(str(saved_model_report.path / "variables" / "variables"))
    numbers = sum(int(np.prod(shape)) for name, shape in stored if not name.startswith("_CHECK"))
    centers = sum(weight.value.shape.num_elements() for weight in hasher.class_centers.weights)
    assert centers > 0
    assert numbers == hasher.count_params() - centers


def test_report(saved_model_report):
    assert saved_model_report.parity.passed
    assert saved_model_report.parity.batch_sizes == (1, 7)
    files = [path for path in saved_model_report.path.rglob("*") if path.is_file()]
    assert saved_model_report.bytes == sum(path.stat().st_size for path in files)


def test_an_older_saved_model_is_replaced_when_asked_for(hasher, tmp_path):
    export.to_saved_model(hasher, tmp_path / "a", verify=False)
    before = (tmp_path / "a" / "saved_model.pb").stat()
    with pytest.raises(zoo.InputError, match=r"a exists and holds .*; .*--force"):
        export.to_saved_model(hasher, tmp_path / "a")
    assert (tmp_path / "a" / "saved_model.pb").stat() == before
    export.to_saved_model(hasher, tmp_path / "a", overwrite=True)
    assert export.verify(hasher, tmp_path / "a").passed
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    (tmp_path / "a" / "left_over").write_text("mine")
    with pytest.raises(zoo.InputError, match=r"holds left_over, which is not as classwise wrote"):
        export.to_saved_model(hasher, tmp_path / "a", overwrite=True)
    assert (tmp_path / "a" / "left_over").read_text() == "mine"


def test_a_folder_with_something_else_is_refused(hasher, tmp_path):
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(zoo.InputError, match=r"holds thesis.txt.*overwrite=True"):
        export.to_saved_model(hasher, tmp_path)
    with pytest.raises(zoo.InputError, match="is a file"):
        export.to_saved_model(hasher, tmp_path / "thesis.txt", overwrite=True)
    with pytest.raises(zoo.InputError, match="names no new folder"):
        export.to_saved_model(hasher, "", overwrite=True)
    assert (tmp_path / "thesis.txt").read_text() == "precious"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_folder_that_fails_verification_never_appears(hasher, tmp_path, monkeypatch):
    graph = "classwise.export.formats.saved_model_format.build_graph"
    from classwise.export.graph.signature import build_graph

    other = zoo.Hasher(hasher.backbone, code_length=12, num_classes=3)
    monkeypatch.setattr(graph, lambda _: build_graph(other))
    with pytest.raises(export.ParityError, match="bits differ"):
        export.to_saved_model(hasher, tmp_path / "a")
    assert not list(tmp_path.iterdir())


def test_a_full_disk_leaves_nothing(hasher, tmp_path):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))  # bytes a file may have
    try:
        with pytest.raises(OSError, match="cannot write"):
            export.to_saved_model(hasher, tmp_path / "a")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not list(tmp_path.iterdir())
