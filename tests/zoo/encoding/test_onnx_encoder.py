import numpy as np
import pytest

from classwise.zoo import InputError
from classwise.zoo.encoding.onnx_encoder import OnnxEncoder

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


def test_threads_leave_the_processor_to_decoding(make_onnx_file):
    options = OnnxEncoder(make_onnx_file()).session.get_session_options()
    assert options.get_session_config_entry("session.force_spinning_stop") == "1"


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
        ({"batch": 0}, r"takes images tensor\(uint8\) \[0, 4, 3, 1\]"),
        (
            {"outputs": ("numbers",)},
            r"gives numbers tensor\(float\) .*hasher exported by classwise",
        ),
    ],
)
def test_a_file_of_another_project(make_onnx_file, changes, message):
    with pytest.raises(InputError, match=message):
        OnnxEncoder(make_onnx_file(**changes))


@pytest.fixture
def change_model(make_onnx_file):
    """Returns a function that writes the file of `make_onnx_file` again, changed by a function."""
    onnx = pytest.importorskip("onnx")

    def change(edit, **options):
        path = make_onnx_file(**options)
        model = onnx.load(path)
        edit(model)
        onnx.save(model, path)
        return path

    return change


def axis(value, position):
    return value.type.tensor_type.shape.dim[position]


def choose_numbers(graph):
    """Leaves open how many numbers of an embedding a graph gives."""
    from onnx import helper, numpy_helper

    (product,) = (node for node in graph.node if "embedding" in node.output)
    product.output[:] = ["all"]
    graph.node.append(helper.make_node("Compress", ["all", "chosen"], ["embedding"], axis=1))
    graph.initializer.append(numpy_helper.from_array(np.arange(12) < 9, "chosen"))
    axis(graph.output[0], 1).ClearField("dim_value")
    del graph.node[[node.op_type for node in graph.node].index("Greater") : -1]


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda m: setattr(axis(m.graph.input[0], 1), "dim_param", "h"), r"'h', 3, 1\]; a hasher"),
        (lambda m: m.graph.input[0].type.tensor_type.shape.dim.pop(), r"4, 3\]; a hasher"),
        (lambda m: m.graph.input[0].type.tensor_type.ClearField("shape"), r"takes images .*\[\]"),
        (lambda m: choose_numbers(m.graph), r"gives embedding tensor\(float\) \['batch', .*; a"),
    ],
    ids=["named height", "no channels", "no input shape", "unknown width"],
)
def test_a_file_with_other_axes(change_model, edit, message):
    with pytest.raises(InputError, match=message):
        OnnxEncoder(change_model(edit, outputs=("embedding",)))


@pytest.mark.parametrize("stated", ["", "many", "-12", "12.0", "0", "13", "96", "9" * 5000 + "  "])
@pytest.mark.parametrize("output", ["embedding", "code"])
def test_a_code_length_that_does_not_fit(change_model, stated, output):
    def edit(model):
        model.metadata_props[0].value = stated

    if (stated, output) == ("13", "code"):
        assert OnnxEncoder(change_model(edit, outputs=(output,))).code_length == 13  # two bytes too
    else:
        with pytest.raises(InputError, match=f"states code_length '{stated}'.*export it again"):
            OnnxEncoder(change_model(edit, outputs=(output,)))


def test_a_code_of_another_width_than_the_embedding(change_model):
    def edit(model):
        (rows,) = (c for c in model.graph.initializer if c.name == "rows")
        rows.raw_data = np.int64([-1, 1]).tobytes()
        axis(model.graph.output[1], 1).dim_value = 1

    with pytest.raises(InputError, match="embedding of 12 and code of 1 numbers"):
        OnnxEncoder(change_model(edit))


@pytest.mark.parametrize(("output", "length"), [("embedding", 12), ("code", 16)])
def test_a_file_that_states_no_code_length(change_model, output, length):
    path = change_model(lambda model: model.ClearField("metadata_props"), outputs=(output,))
    assert OnnxEncoder(path).code_length == length
