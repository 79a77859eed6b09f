import json

import numpy as np
import pytest
from PIL import Image

from classwise.zoo.commands import main


def test_the_demo_ends_with_proven_files(tmp_path, capsys):
    assert main(["demo", "--output", str(tmp_path / "demo"), "--json"]) == 0
    outcome = json.loads(capsys.readouterr().out)
    assert outcome["images"] == 200
    assert outcome["queries"] == 50
    assert outcome["metrics"]["map"]["expected"] > 0.75
    assert outcome["onnx"]["parity"]["passed"]
    assert outcome["onnx"]["parity"]["images"] == 50
    assert {path.suffix for path in (tmp_path / "demo").iterdir()} == {".png", ".onnx"}
    picture = np.asarray(Image.open(outcome["neighbours"]).convert("L"))
    assert picture.std() > 10


@pytest.mark.large
def test_the_demo_tells_people_where_to_look(tmp_path, capsys):
    assert main(["demo", "--output", str(tmp_path / "demo")]) == 0
    out = capsys.readouterr().out
    for text in ("mAP on the sample", "neighbours.png", ".onnx", "parity with Keras"):
        assert text in out


def test_an_unknown_preset(tmp_path, capsys):
    assert main(["demo", "--preset", "dcwh_resnet", "--output", str(tmp_path / "demo")]) == 2
    assert "Unknown preset or file 'dcwh_resnet'" in capsys.readouterr().err
    assert not (tmp_path / "demo").exists()
