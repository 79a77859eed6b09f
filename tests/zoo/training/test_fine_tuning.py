"""docs/FINE_TUNING.md on real photos: as typed, from a folder to a file that is deployed."""

import re
import zipfile
from pathlib import Path

import numpy as np
import pytest

from bench.studies.fine_tuning import PAGE, scores, softmax, split_folder
from classwise import zoo
from classwise.zoo.commands import main

PHOTOS = Path(__file__).resolve().parents[4] / "shared" / "data" / "photos_small.zip"
SHAPE = (96, 96, 3)


@pytest.fixture
def flowers(tmp_path):
    """17 kinds of flowers, 32 photos of each to learn from and to answer, 8 to ask."""
    with zipfile.ZipFile(PHOTOS) as photos:
        names = [name for name in photos.namelist() if name.startswith("photos_small/flowers17/")]
        photos.extractall(tmp_path, names)
    return split_folder(tmp_path / "photos_small" / "flowers17", tmp_path)


@pytest.mark.real_data
@pytest.mark.timeout(3600)
def test_the_tutorial_beats_its_frozen_phase_and_a_softmax_classifier(
    flowers, tmp_path, monkeypatch
):
    learn, ask = flowers
    answering, asking = (zoo.load_folder(folder, SHAPE) for folder in flowers)
    monkeypatch.setattr(zoo, "sample_folder", lambda name: learn)
    monkeypatch.chdir(tmp_path)
    names = {}

    def score():
        return scores(names["hasher"].embed, answering, asking)["map"]

    first, fresh, frozen, everything, deployed = re.findall(
        r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL
    )
    for block in (first, fresh, frozen):
        exec(compile(block, PAGE.name, "exec"), names)
    head_alone = score()
    exec(compile(everything, PAGE.name, "exec"), names)
    tuned = score()
    baseline = softmax(learn, answering, asking, bits=48)
    assert tuned > head_alone + 0.05
    assert tuned > baseline["map"] + 0.03
    assert tuned > 0.8

    exec(compile(deployed, PAGE.name, "exec"), names)
    command = ["encode", "shoes.onnx", str(ask), "--output", "codes.npz"]
    assert main(command) == 0
    with np.load("codes.npz") as written:
        expected = names["hasher"].encode(np.asarray(asking.images[:]), verbose=0)
        np.testing.assert_array_equal(written["codes"], expected)
