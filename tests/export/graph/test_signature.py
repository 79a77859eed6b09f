import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from classwise import zoo
from classwise.export.graph.signature import build_graph, pack_bits

NUMBERS = st.floats(width=32) | st.sampled_from([0.0, -0.0, 1e-45, -1e-45, np.inf, np.nan])


@given(
    st.tuples(st.integers(1, 5), st.integers(1, 70)).flatmap(
        lambda shape: arrays.arrays("float32", shape, elements=NUMBERS)
    )
)
def test_packed_bits_equal_numpy(embedding):
    packed = keras.ops.convert_to_numpy(pack_bits(keras.ops.convert_to_tensor(embedding)))
    # TensorFlow flushes denormal numbers to zero where NumPy does not.
    embedding = np.where(np.abs(embedding) < np.finfo("float32").tiny, 0, embedding)
    expected = np.packbits(embedding > 0, axis=-1)
    assert packed.dtype == np.uint8
    assert packed.shape == expected.shape
    np.testing.assert_array_equal(packed, expected)


def test_graph_takes_images_and_gives_embedding_and_code(hasher, images):
    graph = build_graph(hasher)
    assert [(t.name, t.shape, t.dtype) for t in graph.inputs] == [
        ("images", (None, 10, 8, 3), "uint8")
    ]
    results = graph(images[:5], training=False)
    assert list(results) == ["embedding", "code"]
    embedding = keras.ops.convert_to_numpy(results["embedding"])
    np.testing.assert_allclose(embedding, hasher.predict(images[:5], verbose=0), atol=1e-5)
    np.testing.assert_array_equal(results["code"], np.packbits(embedding > 0, axis=-1))


def test_graph_shares_the_weights(hasher, images):
    graph = build_graph(hasher, outputs=["embedding"])
    bias = hasher.hash_layer.bias
    before, old = graph(images[:1])["embedding"], bias.numpy()
    bias.assign_add(np.ones(12))
    after = graph(images[:1])["embedding"]
    bias.assign(old)
    np.testing.assert_allclose(after - before, 1.0, atol=1e-5)


def test_fixed_batch_and_chosen_outputs(hasher):
    graph = build_graph(hasher, batch=4, outputs=("code", "embedding", "code"))
    assert graph.inputs[0].shape == (4, 10, 8, 3)
    assert list(graph.output) == ["embedding", "code"]
    assert list(build_graph(hasher, outputs="code").output) == ["code"]


@pytest.mark.parametrize("batch", [0, -1, 2.0, True, "4"])
def test_wrong_batch(hasher, batch):
    with pytest.raises(zoo.InputError, match=f"batch is {batch!r}"):
        build_graph(hasher, batch=batch)


@pytest.mark.parametrize(
    ("outputs", "message"),
    [((), "empty"), (("codes",), "did you mean 'code'"), ("x", "Unknown output 'x'")],
)
def test_wrong_outputs(hasher, outputs, message):
    with pytest.raises(zoo.InputError, match=message):
        build_graph(hasher, outputs=outputs)


def test_other_backend_names_the_remedy(hasher, monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "torch")
    with pytest.raises(zoo.InputError, match=r"'torch'.*KERAS_BACKEND=tensorflow"):
        build_graph(hasher)
