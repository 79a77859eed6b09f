import json

import numpy as np
import pytest
from PIL import Image

from classwise.zoo.commands import main

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


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["-o", "c.txt"], "must end in .npz"),
        (["-o", "c.npz", "--batch-size", "0"], "--batch-size is 0"),
        (["-o", "c.npz", "--providers", "gpu"], "Unknown execution provider 'gpu'"),
    ],
)
def test_wrong_options(arguments, capsys, more, message):
    assert main([*arguments, *more]) == 2
    assert message in capsys.readouterr().err
