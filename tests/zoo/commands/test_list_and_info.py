"""`classwise list` and `classwise info`: presets and trunks, for people and for machines."""

import json

import pytest

from classwise.zoo.presets.registry import presets, trunks

IMAGENET = "efficientnet_lite0_imagenet"


def test_every_preset_has_a_line_with_its_whole_name(classwise):
    status, out, err = classwise("list")
    assert status == 0
    lines = [line.split() for line in out.splitlines()]
    assert {words[1] for words in lines if words[:1] == ["│"]} == presets().keys()
    assert IMAGENET in err


def test_machines_get_the_bytes_of_all_files(classwise):
    for entry in json.loads(classwise("list", "--json")[1]):
        assert entry["total_bytes"] == entry["bytes"] + entry["trunk"]["bytes"]


@pytest.mark.parametrize("name", [IMAGENET, next(iter(presets().values())).trunk])
def test_a_trunk_is_told_with_its_hashers(classwise, name):
    status, out, _ = classwise("info", name)
    assert status == 0
    standing = {preset.name for preset in presets().values() if preset.trunk == name}
    assert all(hasher in out for hasher in standing)
    assert trunks()[name].sha256 in out
    assert f'zoo.load("{name}", num_classes=' in out
    found = json.loads(classwise("info", name, "--json")[1])
    assert (found["name"], set(found["hashers"])) == (name, standing)
