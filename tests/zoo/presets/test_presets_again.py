"""What the registry tells of presets, measured again; all of it by `make verify-zoo`.

What TFDS does not have, such as clothing, lies beside its data, in the folder TFDS_DATA_DIR.
"""

import os

import pytest

from classwise import export
from classwise.zoo import load
from classwise.zoo.datasets.protocols import get_protocol
from classwise.zoo.evaluation.evaluate import evaluate_sets
from classwise.zoo.presets import get_preset
from tests.zoo.presets.bundled import NAMES, ON_TRUNK, PHOTOS
from tools.publish.add_preset import measure
from tools.publish.shared_trunk import encode_together

# What a run on real data has the time for.
QUICK = "dcwh_resnet9_fashion_mnist"


@pytest.mark.real_data
@pytest.mark.parametrize(
    "trunk",
    # All of them by `make verify-zoo`.
    [
        trunk if trunk == QUICK else pytest.param(trunk, marks=pytest.mark.large)
        for trunk in ON_TRUNK
    ],
)
def test_figures_are_measured_again(trunk):
    entries = [get_preset(name) for name in ON_TRUNK[trunk]]
    (protocol,) = {preset.protocol for preset in entries}
    images = get_protocol(protocol).load(os.environ.get("TFDS_DATA_DIR"))
    every = encode_together([load(preset.name) for preset in entries], images)
    for preset, sets in zip(entries, every, strict=True):
        # Ranking by embeddings takes half a minute: in CI that of one hasher.
        embeddings = trunk != QUICK or preset == entries[0]
        for figure, value in measure(sets, embeddings).items():
            recorded, found = flat(getattr(preset, figure)), flat(value)
            # Rounding may move an image to another cluster.
            recorded, found = (
                {k: v for k, v in f.items() if "/nmi/" not in k} for f in (recorded, found)
            )
            assert found == pytest.approx(recorded, abs=5e-5), (preset.name, figure)


@pytest.mark.real_data
@pytest.mark.large
@pytest.mark.parametrize("trunk", sorted({get_preset(name).trunk for name in PHOTOS}))
def test_figures_of_hashers_for_any_photos_are_measured_again(trunk):
    """Theirs are of features in half precision, by ONNX Runtime: fewer digits stay."""
    entries = [get_preset(name) for name in PHOTOS if get_preset(name).trunk == trunk]
    (protocol,) = {preset.protocol for preset in entries}
    images = get_protocol(protocol).load(os.environ.get("TFDS_DATA_DIR"))
    every = encode_together([load(preset.name) for preset in entries], images)
    for preset, sets in zip(entries, every, strict=True):
        found = evaluate_sets(sets).to_dict()["metrics"]
        for name, value in found.items():
            recorded = preset.metrics[name]["expected"]
            assert value["expected"] == pytest.approx(recorded, abs=1e-3), (preset.name, name)


def flat(figures, path=""):
    """Returns nested figures as one dict of numbers."""
    if isinstance(figures, dict | list):
        items = figures.items() if isinstance(figures, dict) else enumerate(figures)
        return {k: v for key, value in items for k, v in flat(value, f"{path}/{key}").items()}
    return {path: figures}


@pytest.mark.real_data
@pytest.mark.large
@pytest.mark.parametrize("name", NAMES)
def test_a_preset_exports_to_onnx_and_the_file_is_equal(name, tmp_path):
    report = export.to_onnx(load(name), tmp_path / "a.onnx")
    assert report.parity.passed
    assert report.cpu_only_operators == {}
