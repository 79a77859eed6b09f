"""Files with a digest, and the same files damaged."""

import shutil
import subprocess
import sys

import numpy as np
import onnx
import pytest

from classwise import export, zoo
from classwise.export.formats.open_model import open_model
from classwise.zoo.commands import main
from classwise.zoo.encoding.encoders import open_encoder
from classwise.zoo.encoding.onnx_digest import BLANK, KEY, MARK, check_whole, is_whole, sealed

FLIPS = 400


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    hasher = zoo.Hasher(zoo.resnet(8, (8, 8, 1), width=2), code_length=12, num_classes=2)
    return export.to_onnx(hasher, tmp_path_factory.mktemp("whole") / "a.onnx", verify=False).path


def flipped(contents: bytes, position: int, bit: int) -> bytes:
    changed = bytearray(contents)
    changed[position] ^= 1 << bit
    return bytes(changed)


def test_the_digest_stands_in_the_metadata(file):
    properties = {entry.key: entry.value for entry in onnx.load(file).metadata_props}
    contents = file.read_bytes()
    assert contents.endswith(properties[KEY].encode())
    # A second way to it: what `sha256sum` says of the file with zeros in the digest's place.
    import hashlib

    blank = contents[:-64] + b"0" * 64
    assert properties[KEY] == hashlib.sha256(blank).hexdigest()
    assert is_whole(file)


def test_any_flipped_bit_is_noticed(file, tmp_path):
    contents = file.read_bytes()
    random = np.random.default_rng(0)
    end = len(contents) - len(MARK) - len(BLANK)
    positions = [*random.integers(0, len(contents), FLIPS), *range(end, len(contents))]
    other = tmp_path / "a.onnx"
    for position in positions:
        other.write_bytes(flipped(contents, position, random.integers(8)))
        assert is_whole(other) is False, position


def test_damage_is_refused_wherever_a_file_is_opened(file, tmp_path):
    contents = file.read_bytes()
    # Inside a weight: the runtimes would load it.
    weight = max(onnx.load(file).graph.initializer, key=lambda w: len(w.raw_data)).raw_data
    other = tmp_path / "a.onnx"
    other.write_bytes(flipped(contents, contents.index(weight) + 5, 6))
    for opened in (open_encoder, open_model, lambda path: open_model(f"openvino:{path}")):
        with pytest.raises(zoo.InputError, match="is damaged, or was changed"):
            opened(str(other))
    with pytest.raises(zoo.InputError, match="is damaged, or was changed"):
        export.verify(file, other)


def test_the_command_tells_by_the_file_alone(file, tmp_path, capsys):
    assert main(["verify", str(file)]) == 0
    assert "is whole" in capsys.readouterr().out
    other = tmp_path / "a.onnx"
    other.write_bytes(flipped(file.read_bytes(), file.stat().st_size // 2, 3))
    assert main(["verify", str(other)]) == 1
    assert "is DAMAGED or changed" in capsys.readouterr().err
    assert main(["verify", str(other), "--json"]) == 1
    assert '"whole": false' in capsys.readouterr().out


def test_what_states_no_digest(file, tmp_path, capsys):
    """Files of other projects, and of older versions, open as before."""
    model = onnx.load(file)
    del model.metadata_props[:]
    other = tmp_path / "a.onnx"
    onnx.save(model, other)
    assert is_whole(other) is None
    check_whole(other)
    assert open_encoder(other).code_length == 12
    assert main(["verify", str(other)]) == 2
    assert "states no digest" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["tiny.keras", "a.tflite", "dcwh_resnet9_fashion_mnist_48"])
def test_one_model_of_another_kind_has_nothing_to_be_compared_with(name, capsys):
    assert main(["verify", name]) == 2
    assert f"nothing to compare {name} with; name a second model" in capsys.readouterr().err


def test_a_file_that_is_not_there(capsys):
    assert main(["verify", "nothing.onnx"]) == 2
    assert "nothing.onnx does not exist" in capsys.readouterr().err


def test_a_file_saved_again_unchanged_is_whole(file, tmp_path):
    onnx.save(onnx.load(file), tmp_path / "b.onnx")
    assert is_whole(tmp_path / "b.onnx")


def test_only_a_blank_digest_is_sealed():
    with pytest.raises(ValueError, match="blank digest"):
        sealed(b"anything")


def test_no_package_but_the_standard_library_is_needed(file, tmp_path):
    """A worker has neither onnx nor TensorFlow."""
    shutil.copy(file, tmp_path / "a.onnx")
    code = (
        "import sys\n"
        "for name in ('onnx', 'tensorflow', 'keras', 'numpy'): sys.modules[name] = None\n"
        "from classwise.zoo.encoding.onnx_digest import is_whole\n"
        "assert is_whole('a.onnx')"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
