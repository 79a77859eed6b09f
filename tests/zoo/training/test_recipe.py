import dataclasses
import json

import pytest

from classwise.zoo.backbones import BACKBONES
from classwise.zoo.datasets.listed_protocols import LIST_PROTOCOLS
from classwise.zoo.datasets.protocols import PROTOCOLS
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.methods import METHODS, build_loss
from classwise.zoo.presets.registry import get_trunk
from classwise.zoo.training.recipe_files import (
    bundled_recipes,
    list_recipes,
    read_recipe,
    with_epochs,
)

MINIMAL = """
method = "dcwh"
protocol = "fashion-mnist-full"
backbone = "resnet8"
code_length = 12
[[stages]]
epochs = 2
"""


@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "mine.toml"
        path.write_text(text)
        return path

    return write


FOLDER = "folder"
OF_DATA_SETS = [name for name in list_recipes() if name != FOLDER]


@pytest.mark.parametrize("name", OF_DATA_SETS)
def test_bundled_recipes_can_be_trained(name):
    recipe = read_recipe(name)
    listed = recipe.protocol in LIST_PROTOCOLS
    dataset = recipe.protocol if listed else PROTOCOLS[recipe.protocol].dataset
    made = "trunk" if recipe.makes_trunk else recipe.code_length
    assert name == f"{recipe.method}_{recipe.backbone}_{dataset}_{made}"
    if not recipe.makes_trunk:
        assert recipe.frozen_until == "pool"
    assert recipe.backbone in BACKBONES
    if recipe.trunk is not None:
        assert get_trunk(recipe.trunk).backbone == recipe.backbone
    for stage in recipe.stages:
        assert isinstance(
            build_loss(recipe.method, stage.loss), METHODS[recipe.method].loss_class()
        )


@pytest.mark.parametrize("protocol", LIST_PROTOCOLS)
@pytest.mark.parametrize("method", ["dcwh", "vmf"])
def test_protocols_of_lists_have_recipes_of_both_methods(method, protocol):
    names = [name for name in list_recipes() if name.endswith(f"_{protocol}_48")]
    assert [name for name in names if read_recipe(name).method == method]
    lengths = [read_recipe(name.replace("_48", f"_{bits}")) for name in names for bits in (16, 64)]
    assert {recipe.protocol for recipe in lengths} == {protocol}
    text = bundled_recipes()[names[0]][0].read_text()
    assert "# Result    not measured here" in text
    assert "minutes on 2 cores" in text


@pytest.mark.parametrize("method", METHODS)
def test_the_recipe_of_folders_can_be_trained_by_every_method(method):
    recipe = read_recipe(FOLDER, method=method, code_length=16, image_size=96, epochs=7)
    assert recipe.name == "folder_16"
    assert recipe.image_shape == [96, 96, 3]
    assert [stage.epochs for stage in recipe.stages] == [4, 3]
    assert get_trunk(recipe.trunk).backbone == recipe.backbone
    for stage in recipe.stages:
        assert isinstance(build_loss(method, stage.loss), METHODS[method].loss_class())


@pytest.mark.parametrize("epochs", [3, 4, 10, 97])
def test_epochs_are_shared_out_as_the_file_has_them(epochs):
    stages = [{"epochs": 6}, {"epochs": 1, "loss": {}}, {"epochs": 13}]
    changed = with_epochs(stages, epochs)
    shares = [stage["epochs"] for stage in changed]
    assert sum(shares) == epochs
    assert min(shares) >= 1
    assert changed[1]["loss"] == {}
    wanted = [epochs * stage["epochs"] / 20 for stage in stages]
    assert all(abs(share - want) <= 2 for share, want in zip(shares, wanted, strict=True))
    with pytest.raises(InputError, match="epochs is 2; it must be 3 or more"):
        with_epochs(stages, 2)


@pytest.mark.parametrize("name", OF_DATA_SETS)
def test_bundled_recipes_say_paper_data_and_command(name):
    text = bundled_recipes()[name][0].read_text()
    assert "arXiv" in text
    assert f"classwise train {name.rpartition('_')[0]}_" in text


def test_defaults(write):
    recipe = read_recipe(write(MINIMAL))
    assert recipe.name == "mine"
    assert recipe.epochs == 2
    assert recipe.centers.update == "streaming"
    json.dumps(dataclasses.asdict(recipe))


def test_a_trunks_name_does_not_tell_its_code_length():
    recipe = read_recipe("dcwh_resnet9_fashion_mnist_trunk", code_length=16)
    assert (recipe.name, recipe.code_length) == ("dcwh_resnet9_fashion_mnist_trunk", 16)


def test_a_file_of_several_code_lengths(write):
    path = write(MINIMAL.replace("12", "[12, 20]"))
    assert read_recipe(path, code_length=20).name == "mine_20"
    assert read_recipe(path, code_length=20).code_length == 20
    with pytest.raises(InputError, match=r"recipes of \[12, 20\] bits; choose one"):
        read_recipe(path)


def test_a_bundled_file_of_several_code_lengths_has_a_name_for_each():
    families = {name for name, (_, length) in bundled_recipes().items() if length is not None}
    assert families
    for name in families:
        assert read_recipe(name).name == name
        assert name.endswith(f"_{read_recipe(name).code_length}")


@pytest.mark.parametrize("method", [name for name in METHODS if name != "dcwh"])
def test_another_method_has_the_defaults_of_its_loss(method):
    recipe = read_recipe("dcwh_resnet9_fashion_mnist_48", method=method)
    assert recipe.name == f"{method}_resnet9_fashion_mnist_48"
    assert all(stage.loss == {} for stage in recipe.stages)
    own = read_recipe("dcwh_resnet9_fashion_mnist_48", method="dcwh")
    assert own == read_recipe("dcwh_resnet9_fashion_mnist_48")
    assert [stage.epochs for stage in recipe.stages] == [stage.epochs for stage in own.stages]


def test_changes_replace_and_none_keeps(write):
    recipe = read_recipe(write(MINIMAL), seed=7, batch_size=None)
    assert (recipe.seed, recipe.batch_size) == (7, 128)


BAD = {
    "key": (MINIMAL.replace("backbone", "bakcbone"), "did you mean 'backbone'"),
    "missing key": (MINIMAL.replace('method = "dcwh"', ""), "lacks the key 'method'"),
    "no stage": (MINIMAL.split("[[")[0], "lacks the key 'stages'"),
    "no key": ("seed = 1", "'method', 'protocol', 'backbone', 'code_length', 'stages'"),
    "no stage at all": ("stages = []\n" + MINIMAL.split("[[")[0], "lacks the key 'stages'"),
    "epochs": (MINIMAL.replace("epochs = 2", "epochs = 0"), "epochs is 0"),
    "epochs as text": (MINIMAL.replace("epochs = 2", 'epochs = "2"'), "epochs is '2'"),
    "code length": (MINIMAL.replace("12", "0"), "code_length is 0"),
    "rate": (MINIMAL + "[optimizer]\nlearning_rate = nan\n", "learning_rate is nan"),
    "rate 0": (MINIMAL + "[optimizer]\nlearning_rate = 0\n", "learning_rate is 0"),
    "schedule": (MINIMAL + "[optimizer]\nschedule = 'cosin'\n", "did you mean 'cosine'"),
    "center update": (MINIMAL + "[centers]\nupdate = 'exakt'\n", "did you mean 'exact'"),
    "every": (MINIMAL + "[centers]\nevery = 0\n", "centers.every is 0"),
    "flip": (MINIMAL + "[augmentation]\nflip = 1\n", "augmentation.flip is 1"),
    "shift": (MINIMAL + "[augmentation]\nshift = -1\n", "augmentation.shift is -1"),
    "table": ("optimizer = 3\n" + MINIMAL, "must be a table"),
    "batch": ("batch_size = 0\n" + MINIMAL, "batch_size is 0"),
    "seed": ("seed = -1\n" + MINIMAL, "seed is -1"),
    "folder without shape": (
        MINIMAL.replace("fashion-mnist-full", "folder"),
        "lacks the key 'image_shape'",
    ),
    "batch norm": ("batch_norm = 'off'\n" + MINIMAL, "Unknown batch_norm 'off'. Known: inference"),
    "frozen without trunk": ("frozen_until = 'pool'\n" + MINIMAL, "trunk is None"),
    "frozen with shift": (
        "frozen_until = 'pool'\ntrunk = 'x'\n" + MINIMAL + "[augmentation]\nshift = 2\n",
        "augmentation is 2; it must be flip only",
    ),
    "image shape": ("image_shape = [8, 8]\n" + MINIMAL, "image_shape is"),
    "stages no tables": (MINIMAL.split("[[")[0] + "stages = 3", "stages is 3"),
    "loss no table": (MINIMAL + "loss = 3\n", "stages.loss is 3"),
    "method no text": (MINIMAL.replace('"dcwh"', "['dcwh']"), "method is"),
    "method misspelled": (MINIMAL.replace("dcwh", "dwch"), "did you mean 'dcwh'"),
    "large seed": ("seed = 5000000000\n" + MINIMAL, "seed is 5000000000"),
    "not TOML": ("method = dcwh", "is no TOML"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_recipes(write, case):
    text, message = BAD[case]
    with pytest.raises(InputError, match=message):
        read_recipe(write(text))


def test_another_code_length_is_another_name():
    assert read_recipe("dcwh_resnet9_fashion_mnist_48", code_length=16).name.endswith("_mnist_16")


def test_unknown_recipe_and_missing_file(tmp_path):
    with pytest.raises(InputError, match="did you mean 'dcwh_resnet9_fashion_mnist_48'"):
        read_recipe("dcwh_resnet9_fashion_mnist_48s")
    with pytest.raises(InputError, match="no recipe file"):
        read_recipe(tmp_path / "gone.toml")


def test_unknown_method_and_setting():
    with pytest.raises(InputError, match="did you mean 'dcwh'"):
        build_loss("dwch", {})
    with pytest.raises(InputError, match="did you mean 'cubic_weight'"):
        build_loss("dcwh", {"cubic_wieght": 1})
    with pytest.raises(InputError, match="concentration is -1"):
        build_loss("vmf", {"concentration": -1})
