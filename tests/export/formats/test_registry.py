"""A made-up format, declared once, goes everywhere."""

import json

import numpy as np
import pytest

from classwise.export.formats.format import Format, Option, parts
from classwise.export.formats.open_model import known_models, open_model
from classwise.export.formats.registry import FORMATS, options_of_formats
from classwise.export.formats.report import ExportReport
from classwise.export.graph.model import Model, Signature, Tensor
from classwise.export.proof.verification import prove
from classwise.zoo.cards.card_exports import speeds
from classwise.zoo.commands import build_parser, main
from classwise.zoo.foundation.codes import pack_codes
from tools.publish.format_table import format_table


def write(hasher, path, shift=0.0, names=(), verify=True):
    """Writes embeddings as a linear map of the images' means; right for `linear` only."""
    weights = np.asarray(hasher.hash_layer.kernel)
    bias = np.asarray(hasher.hash_layer.bias) + shift
    shape = np.array(hasher.image_shape)
    np.savez(path.with_suffix(".npz"), weights=weights, bias=bias, shape=shape)
    path.with_suffix(".npz").replace(path)
    parity = prove(hasher, read(path)) if verify else None
    return ExportReport(path, "table", path.stat().st_size, parity)


def read(path):
    with np.load(path) as found:
        weights, bias, shape = (found[name] for name in ("weights", "bias", "shape"))
    length = len(bias)

    def run(images):
        embedding = (images.astype("float32").mean(axis=(1, 2)) / 255) @ weights + bias
        return {"embedding": embedding, "code": pack_codes(embedding)}

    inputs = {"images": Tensor("uint8", ("batch", *shape.tolist()))}
    outputs = {
        "embedding": Tensor("float32", ("batch", length)),
        "code": Tensor("uint8", ("batch", -(-length // 8))),
    }
    return Model(str(path), "NumPy", [Signature("", inputs, outputs, run)], path.stat().st_size)


TABLE = Format(
    name="table",
    title="Table",
    ending=".table",
    runtime="NumPy alone",
    extra=None,
    use="a test",
    write=write,
    open=read,
    options=(
        Option("--shift", {"type": float, "help": "of all embeddings"}),
        Option("--names", {"type": parts, "help": "a list"}, aliases=("--labels",)),
    ),
)


@pytest.fixture
def registered(monkeypatch):
    monkeypatch.setitem(FORMATS, "table", TABLE)


@pytest.fixture(scope="module")
def linear(make_hasher, tmp_path_factory):
    """A hasher whose embedding is linear in the images' means, as a file."""
    import keras

    layers = [keras.Input((10, 8, 3)), keras.layers.Rescaling(1 / 255)]
    path = tmp_path_factory.mktemp("linear") / "linear.keras"
    make_hasher(backbone=keras.Sequential(layers)).save(path)
    return str(path)


@pytest.mark.usefixtures("registered")
def test_it_is_exported_and_verified(linear, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["export", linear, "--format", "table", "--names", "a,b"]) == 0
    assert "Wrote linear.table" in capsys.readouterr().out
    assert main(["verify", linear, "linear.table", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["second"]["engine"] == "NumPy"
    assert figures["passed"]
    assert open_model("linear.table").engine == "NumPy"


@pytest.mark.usefixtures("registered")
def test_its_option_reaches_the_writer(linear, tmp_path, capsys):
    output = str(tmp_path / "a.table")
    assert main(["export", linear, "--format", "table", "-o", output, "--shift", "3"]) == 1
    assert "The models differ" in capsys.readouterr().err


@pytest.mark.usefixtures("registered")
def test_what_it_has_not_is_refused(linear, capsys):
    assert main(["export", linear, "--format", "table", "--opset", "18"]) == 2
    assert "--opset is for --format onnx, not for table" in capsys.readouterr().err
    assert main(["export", linear, "--shift", "3"]) == 2
    assert "--shift is for --format table, not for onnx" in capsys.readouterr().err
    assert main(["export", linear, "--format", "table", "-o", "a.onnx"]) == 2
    assert "must end in .table" in capsys.readouterr().err


@pytest.mark.usefixtures("registered")
def test_help_and_messages_name_it(capsys):
    with pytest.raises(SystemExit):
        build_parser().parse_args(["export", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert "{onnx,litert,saved_model,table}" in text
    assert "--shift SHIFT table: of all embeddings" in text
    assert "onnx, litert: some of embedding,code,scores" in text
    with pytest.raises(SystemExit):
        build_parser().parse_args(["verify", "--help"])
    assert ".table file" in " ".join(capsys.readouterr().out.split())
    assert ".tflite or .table file" in known_models()


@pytest.mark.usefixtures("registered")
def test_documents_and_cards_name_it():
    assert "| Table | `table` | `.table` | NumPy alone |" in format_table()
    measured = {"batch 1": {"table": 12.0, "onnx": 34.0, "openvino": 56.0}}
    _, rows = speeds({"speeds": measured})
    for row in (["NumPy alone, Table", "12"], ["ONNX Runtime", "34"], ["OpenVINO", "56"]):
        assert row in rows


def test_a_shared_option_is_declared_alike():
    for option, formats in options_of_formats().values():
        assert all(option in FORMATS[format].options for format in formats)


def test_every_declaration_is_complete():
    assert list(FORMATS) == ["onnx", "litert", "saved_model"]
    for name, format in FORMATS.items():
        assert format.name == name
        assert format.ending.startswith(".") or format.marker
        assert next(iter(format.precisions)) == "fp32"
        assert all((format.title, format.runtime, format.use))
