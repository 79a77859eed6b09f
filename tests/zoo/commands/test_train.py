import json

import keras


def test_train_on_a_folder_and_go_on(classwise, folder_recipe, image_folder, tmp_path):
    arguments = (
        "train",
        folder_recipe,
        "--images",
        image_folder,
        "-o",
        tmp_path / "run",
        "-q",
        "--json",
    )
    status, out, err = classwise(*arguments)
    assert status == 0
    assert "1 epochs on 4 images" in err
    model = json.loads(out[out.index("{") :])["model"]
    assert keras.saving.load_model(model).class_names == ("bag", "coat")
    assert (tmp_path / "run" / "tensorboard").is_dir()
    assert classwise(*arguments)[0] == 0
    assert len((tmp_path / "run" / "log.jsonl").read_text().splitlines()) == 1


def test_input_errors(classwise, folder_recipe, image_folder, tmp_path):
    bad = tmp_path / "bad.toml"
    bad.write_text(folder_recipe.read_text().replace("resnet8", "resnet21"))
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(folder_recipe.read_text().replace('"dcwh"', '"dwch"'))
    single = tmp_path / "single"
    (single / "bag").mkdir(parents=True)
    (image_folder / "bag" / "0.png").rename(single / "bag" / "0.png")
    empty = tmp_path / "empty"
    (empty / "bag").mkdir(parents=True)
    for arguments, message in (
        (("dcwh_resnet20",), "Unknown recipe 'dcwh_resnet20'; did you mean"),
        ((folder_recipe,), "an image folder (--images) goes with"),
        ((bad, "--images", image_folder), "Unknown backbone 'resnet21'; did you mean"),
        ((wrong, "--images", image_folder), "Unknown method 'dwch'; did you mean 'dcwh'?"),
        ((folder_recipe, "--images", single), "has 1 image"),
        ((folder_recipe, "--images", empty), "holds no image"),
        ((folder_recipe, "--images", image_folder, "--code-length", "0"), "code_length is 0"),
        ((folder_recipe, "--images", image_folder, "--code-length", "5000"), "code_length is 5000"),
    ):
        status, out, err = classwise("train", *arguments, "-o", tmp_path / "run", "-q")
        assert (status, out) == (2, ""), err
        assert message in err
        assert not (tmp_path / "run").exists()
