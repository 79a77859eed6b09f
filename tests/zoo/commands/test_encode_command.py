import json

import numpy as np
import pytest
from PIL import Image

from classwise.zoo.commands import main
from classwise.zoo.encoding.onnx_encoder import OnnxEncoder

pytest.importorskip("onnxruntime")


@pytest.fixture
def arguments(tmp_path, make_onnx_file):
    (tmp_path / "images").mkdir()
    for number in range(3):
        Image.fromarray(np.full((4, 3), 80 * number, np.uint8)).save(
            tmp_path / "images" / f"{number}.png"
        )
    return ["encode", str(make_onnx_file()), str(tmp_path / "images")]


def test_an_onnx_file_encodes_a_folder(arguments, tmp_path, capsys):
    assert main([*arguments, "-o", str(tmp_path / "c.npz"), "--json"]) == 0
    printed = capsys.readouterr()
    outcome = json.loads(printed.out)
    assert outcome["images"] == 3
    assert outcome["engine"] == "ONNX Runtime on cpu"
    assert outcome["from_earlier_run"] == 0
    assert "Encoding 3 images with ONNX Runtime on cpu." in printed.err
    with np.load(tmp_path / "c.npz") as arrays:
        assert arrays["names"].tolist() == ["0.png", "1.png", "2.png"]


def test_providers_in_order(arguments, tmp_path, capsys):
    output = ["-o", str(tmp_path / "c.npz"), "--providers", "coreml, cpu"]
    assert main([*arguments, *output]) == 0
    assert "with ONNX Runtime on cpu" in capsys.readouterr().err
    (tmp_path / "c.npz").unlink()
    assert main([*arguments, *output, "--require-provider"]) == 2
    assert "'coreml' does not run here" in capsys.readouterr().err
    assert not list(tmp_path.glob("c.npz*"))


def test_an_interrupted_command_goes_on(arguments, tmp_path, capsys, monkeypatch):
    arguments = [*arguments, "-o", str(tmp_path / "c.npz"), "--batch-size", "2", "--json"]
    whole = OnnxEncoder.encode_batch

    def interrupted(encoder, images):
        if len(images) == 1:  # the last batch
            raise KeyboardInterrupt
        return whole(encoder, images)

    with monkeypatch.context() as patch:
        patch.setattr(OnnxEncoder, "encode_batch", interrupted)
        assert main(arguments) == 130
    printed = capsys.readouterr().err
    assert f"Done so far: 2 images; run the same command again to go on from {tmp_path}" in printed
    assert main(arguments) == 0
    assert json.loads(capsys.readouterr().out)["from_earlier_run"] == 2


def test_what_another_run_began_is_told_before_anything_is_encoded(
    arguments, tmp_path, capsys, monkeypatch
):
    arguments = [*arguments, "-o", str(tmp_path / "c.npz"), "--batch-size", "1"]
    whole = OnnxEncoder.encode_batch
    batches = iter(range(9))

    def interrupted(encoder, images):
        if next(batches):
            raise KeyboardInterrupt
        return whole(encoder, images)

    with monkeypatch.context() as patch:
        patch.setattr(OnnxEncoder, "encode_batch", interrupted)
        assert main(arguments) == 130
    capsys.readouterr()
    assert main([*arguments, "--embeddings"]) == 2
    (sentence,) = capsys.readouterr().err.splitlines()
    assert "was begun with other embeddings (False, now True); give what" in sentence


def test_a_foreign_folder_is_refused_before_anything_is_loaded(arguments, tmp_path, capsys):
    (tmp_path / "c.npz.part").mkdir()
    (tmp_path / "c.npz.part" / "photo.jpg").touch()
    assert main(["encode", "no-such-model", "no-such-folder", "-o", str(tmp_path / "c.npz")]) == 2
    assert "something else stands there" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["-o", "c.txt"], "must end in .npz"),
        (["-o", "c.npy"], "must end in .npz"),
        (["-o", "c.npz", "--batch-size", "0"], "argument --batch-size: '0' is not allowed"),
        (["-o", "c.npz", "--providers", "gpu"], "Unknown execution provider 'gpu'"),
    ],
)
def test_wrong_options(arguments, classwise, more, message):
    status, _, printed = classwise(*arguments, *more)
    assert status == 2
    assert message in printed
