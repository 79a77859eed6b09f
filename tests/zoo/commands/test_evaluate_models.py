"""`classwise evaluate` on models, under a protocol of images made up here."""

import json
import re

import keras
import numpy as np
import pytest
from PIL import Image

from classwise.zoo import Hasher
from classwise.zoo.datasets.protocols import PROTOCOLS
from classwise.zoo.encoding.encoders import KerasEncoder
from classwise.zoo.foundation.codes import pack_codes
from classwise.zoo.foundation.written_folder import RECORD
from classwise.zoo.retrieval import (
    classify_codes,
    evaluate_codes,
    evaluate_embeddings,
)
from tests.zoo.commands.stand_in import DATABASE, QUERIES, StandIn

REPORT_FILES = {"index.html", "figures", RECORD}


def metrics_of(embeddings, labels, top_k):
    """What the metrics of a model with these embeddings are."""
    codes = pack_codes(embeddings)
    arguments = codes[QUERIES], labels[QUERIES], codes[DATABASE], labels[DATABASE]
    return evaluate_codes(*arguments, code_length=embeddings.shape[1], top_k=top_k).to_dict()


def test_a_keras_file(evaluated, model_file, stand_in):
    status, out, err = evaluated(model_file, "--top-k", 10, "--embeddings", "--json")
    assert status == 0, err
    assert "30 queries, 90 in the database" in err
    document = json.loads(out)
    assert (document["model"], document["protocol"]) == (str(model_file), "stand-in")
    hasher = keras.saving.load_model(model_file)
    embeddings = hasher.embed(stand_in.images, verbose=0)
    labels = stand_in.labels
    assert document["metrics"] == metrics_of(embeddings, labels, (10,))["metrics"]
    centers = pack_codes(np.asarray(hasher.class_centers.get_centers()))
    accuracy = classify_codes(
        pack_codes(embeddings)[QUERIES], labels[QUERIES], centers, code_length=12
    ).accuracy
    assert document["classification"]["hamming"]["accuracy"] == accuracy
    ranked = evaluate_embeddings(
        embeddings[QUERIES], labels[QUERIES], embeddings[DATABASE], labels[DATABASE]
    )
    found = document["embedding"]["metrics"]["map@r"]["value"]
    assert found == pytest.approx(ranked.metrics["map@r"]["value"])


def test_an_onnx_file(classwise, make_onnx_file, onnx_embeddings, monkeypatch):
    protocol = StandIn((4, 3, 1))
    monkeypatch.setitem(PROTOCOLS, "stand-in", protocol)
    status, out, err = classwise(
        "evaluate", make_onnx_file(), "--protocol", "stand-in", "--top-k", 10, "--json"
    )
    assert status == 0, err
    assert "ONNX Runtime" in err
    expected = metrics_of(onnx_embeddings(protocol.images), protocol.labels, (10,))
    for key, value in expected.items():
        assert json.loads(out)[key] == value


def test_several_models(evaluated, model_file, stand_in, tmp_path):
    """One table, one list, and a report with the comparison and a page for each."""
    hasher = keras.saving.load_model(model_file)
    longer, report = tmp_path / "long_24.keras", tmp_path / "report"
    Hasher(hasher.backbone, 24, 10).save(longer)
    codes = tmp_path / "long_12.npz"
    found, labels = hasher.encode(stand_in.images, verbose=0), stand_in.labels
    np.savez(
        codes,
        query_codes=found[QUERIES],
        query_labels=labels[QUERIES],
        database_codes=found[DATABASE],
        database_labels=labels[DATABASE],
        code_length=12,
    )
    status, out, err = evaluated(model_file, longer, codes, "--report", report, "--json")
    assert status == 0, err
    documents = json.loads(out)
    assert [d["model"] for d in documents] == [str(model_file), str(longer), str(codes)]
    assert documents[0]["metrics"] == documents[2]["metrics"] != documents[1]["metrics"]
    names = ["small", "long_24", "long_12"]
    pages = [report / "models" / name / "index.html" for name in names]
    assert [d["report"] for d in documents] == list(map(str, pages))
    assert {path.name for path in report.iterdir()} == REPORT_FILES | {"models"}
    figures = {path.name for path in (report / "figures").iterdir()}
    assert figures == {
        f"{name}.{suffix}"
        for name in ("precision_recall", "map_by_code_length")
        for suffix in ("svg", "png")
    }
    comparison = (report / "index.html").read_text("utf-8")
    links = re.findall(r'href="([^"]*)"', comparison)
    assert [report / link for link in links] == pages
    for document, page in zip(documents, pages, strict=True):
        assert document["model"] in page.read_text("utf-8")
        assert f"{document['metrics']['map']['expected']:.4f}" in comparison
        assert {path.name for path in page.parent.iterdir()} == REPORT_FILES - {RECORD}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--top-k", 0), "argument --top-k: '0' is not allowed; give an integer from 1"),
        (("--top-k", -3), "argument --top-k: '-3' is not allowed"),
        (("--top-k", 91), "top_k holds 91"),
        (("--radius", 13), "radius holds 13; codes of 12 bits"),
        (("--radius", -1), "argument --radius: '-1' is not allowed; give an integer from 0"),
        (("--report", "FILE"), "is a file"),
        (("--report", "FILE/report"), "would be in a file"),
        (("--report", "."), "holds the working directory"),
        (("--report", ".", "--force"), "holds the working directory"),
        (
            ("--report", "FOREIGN"),
            "FOREIGN exists and holds thesis.txt; give another folder, or empty it",
        ),
    ],
)
def test_refused_before_anything_is_encoded(
    evaluated, model_file, tmp_path, monkeypatch, options, message
):
    def encode_batch(encoder, images):
        raise AssertionError("encoded")

    monkeypatch.setattr(KerasEncoder, "encode_batch", encode_batch)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "FILE").write_text("mine")
    (tmp_path / "FOREIGN").mkdir()
    (tmp_path / "FOREIGN" / "thesis.txt").write_text("mine")
    status, out, err = evaluated(model_file, *options)
    assert (status, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["FILE", "FOREIGN", "thesis.txt"]


def test_codes_alone_are_refused_before_anything_is_encoded(classwise, make_onnx_file, monkeypatch):
    monkeypatch.setitem(PROTOCOLS, "stand-in", StandIn((4, 3, 1)))
    file = make_onnx_file(outputs=("code",))
    arguments = ("evaluate", file, "--protocol", "stand-in", "--embeddings")
    status, _, err = classwise(*arguments)
    assert status == 2
    assert "gives codes only" in err
    assert "Encoding" not in err


def test_images_of_another_shape_are_resized(classwise, model_file, monkeypatch, tmp_path):
    protocol = StandIn((32, 32, 3))
    monkeypatch.setitem(PROTOCOLS, "stand-in", protocol)
    report = tmp_path / "report"
    arguments = ("evaluate", model_file, "--protocol", "stand-in", "--json", "--report", report)
    status, out, err = classwise(*arguments)
    assert status == 0, err
    words = "images (32, 32, 3) resized to (28, 28, 1)"
    assert words in err
    assert json.loads(out)["resizing"] == words
    assert words in (report / "index.html").read_text(encoding="utf-8")
    gray = [Image.fromarray(image).convert("L") for image in protocol.images]
    resized = [np.asarray(image.resize((28, 28), Image.Resampling.BICUBIC)) for image in gray]
    embeddings = keras.saving.load_model(model_file).embed(np.stack(resized)[..., None], verbose=0)
    metrics = json.loads(out)["metrics"]
    assert metrics["map"] == metrics_of(embeddings, protocol.labels, (10,))["metrics"]["map"]


def test_codes_of_other_images_are_not_compared_with_a_model(evaluated, model_file, tmp_path):
    codes = tmp_path / "codes.npz"
    found, labels = np.zeros((3, 2), np.uint8), np.arange(3)
    np.savez(
        codes,
        query_codes=found,
        query_labels=labels,
        database_codes=found,
        database_labels=labels,
        code_length=12,
    )
    status, out, err = evaluated(model_file, codes)
    assert (status, out) == (2, "")
    assert "codes.npz holds codes of 3 queries and of 3 images in the database, but" in err
