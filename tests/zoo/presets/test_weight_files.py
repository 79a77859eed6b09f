import hypothesis
import keras
import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from classwise.zoo import InputError
from classwise.zoo.presets.weight_files import (
    assign_weights,
    named_weights,
    read_weights,
    variables_by_path,
    write_weights,
)

FINITE = st.floats(-6e4, 6e4, width=32)
WEIGHTS = st.dictionaries(
    st.text("abc_/", min_size=1, max_size=9),
    arrays.arrays(np.float32, arrays.array_shapes(max_dims=4, max_side=4), elements=FINITE),
    min_size=1,
    max_size=4,
)


@hypothesis.given(WEIGHTS)
@hypothesis.settings(max_examples=50)
def test_kernels_are_rounded_to_half_precision_and_vectors_kept(tmp_path_factory, weights):
    path = tmp_path_factory.mktemp("weights") / "w.safetensors"
    write_weights(path, weights)
    read = read_weights(path)
    assert read.keys() == weights.keys()
    for name, weight in weights.items():
        kept = weight if weight.ndim < 2 else weight.astype(np.float16).astype(np.float32)
        np.testing.assert_array_equal(read[name], kept, strict=True)
    written = path.read_bytes()
    write_weights(path, read)
    assert path.read_bytes() == written
    write_weights(path, weights, np.float32)
    for name, weight in weights.items():
        np.testing.assert_array_equal(read_weights(path)[name], weight)


def test_a_weight_out_of_range_writes_nothing(tmp_path):
    for bad in (70_000, np.nan):
        with pytest.raises(InputError, match="stem/kernel"):
            write_weights(tmp_path / "w.safetensors", {"stem/kernel": np.full((2, 2), bad)})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("content", [b"", b"hello, this is text", None])
def test_other_files_are_refused(tmp_path, content):
    path = tmp_path / "w.safetensors"
    if content is None:
        write_weights(path, {"a": np.ones(9)})
        content = path.read_bytes()[:-4]
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"w\.safetensors is not a file of weights"):
        read_weights(path)


def test_assignment_by_name():
    x = keras.Input((3,))
    target = keras.Model(x, keras.layers.Dense(2, name="a")(x))
    weights = {"a/kernel": np.ones((3, 2), np.float32), "a/bias": np.full(2, 5, np.float32)}
    first = variables_by_path(target)
    assign_weights(first, weights, "file")
    assert named_weights(first)["a/bias"].tolist() == [5, 5]
    with pytest.raises(InputError, match="file lacks weight a/bias"):
        assign_weights(first, {"a/kernel": weights["a/kernel"]}, "file")
    with pytest.raises(InputError, match="unknown weight c"):
        assign_weights(first, {**weights, "c": np.ones(1)}, "file")
    with pytest.raises(InputError, match=r"a/bias has shape \(3,\), not \(2,\)"):
        assign_weights(first, {**weights, "a/bias": np.ones(3)}, "file")
