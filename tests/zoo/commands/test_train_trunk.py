"""`classwise train --trunk`: another backbone than the recipe's."""

from classwise import zoo
from classwise.zoo.commands import train_command
from classwise.zoo.training.starting_point import build_trunk


def test_another_trunk_brings_its_backbone(classwise, image_folder, tmp_path, monkeypatch):
    """The training itself takes minutes, and is the same for every trunk."""
    found = []
    monkeypatch.setattr(
        train_command, "train_and_tell", lambda run, *_: found.append(run.recipe) or 0
    )
    arguments = ["--images", image_folder, "-o", tmp_path / "run"]
    assert classwise("train", *arguments, "--trunk", "efficientnet_lite2_imagenet")[0] == 0
    (recipe,) = found
    built = build_trunk(recipe, zoo.load_folder(image_folder, (32, 32, 3)))
    assert (recipe.trunk, built.name) == ("efficientnet_lite2_imagenet", "efficientnet_lite2")


def test_no_such_trunk(classwise, image_folder):
    status, out, err = classwise("train", "--images", image_folder, "--trunk", "efficientnet_lite2")
    assert (status, out) == (2, "")
    assert "did you mean 'efficientnet_lite2_imagenet'" in err.lower()
