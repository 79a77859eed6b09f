import json

import pytest

from classwise.export.bundles import BUNDLES
from classwise.export.commands.bundle_command import KINDS
from classwise.zoo.commands import main


@pytest.fixture(scope="module")
def model(gray_hasher, tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("model") / "tiny.keras"
    gray_hasher.save(path)
    return str(path)


def test_choices_are_all_bundles():
    assert tuple(BUNDLES) == KINDS


def test_web_page_with_its_report_as_json(model, no_runtime, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    options = ["--bundle", "web", "--web-runtime", str(no_runtime), "--json"]
    assert main(["export", model, *options]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["kind"], report["path"], report["name"]) == ("web", "tiny_web", "tiny")
    assert report["parity"]["passed"] is True
    assert len(list((tmp_path / "tiny_web" / "gallery").iterdir())) == 2000


def test_default_folder_and_how_to_serve_it(model, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    command = ["export", model, "--bundle", "tensorflow-serving"]
    assert main(command) == 0
    folder = tmp_path / "tiny_tensorflow_serving" / "tiny"
    assert f"--model_base_path={folder}" in capsys.readouterr().out
    assert main(command) == 2  # the folder is there now
    assert "--force" in capsys.readouterr().err
    assert main([*command, "--force"]) == 0


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--gallery", "images"], "belong to --bundle web"),
        (["--bundle", "triton", "--gallery", "images"], "'images' is not a folder"),
        (["--bundle", "triton", "--opset", "17"], "--opset is not for --bundle"),
        (["--bundle", "web", "--keep-float", "none"], "--keep-float is not for --bundle"),
        (["--bundle", "web", "--format", "litert"], "--format is not for --bundle"),
        (["--bundle", "web", "--gallery", "nowhere"], "'nowhere' is not a folder"),
        (["--bundle", "web", "--web-runtime", "nowhere"], "nowhere has no ort.wasm.min.mjs"),
    ],
)
def test_bad_options_leave_nothing(model, tmp_path, monkeypatch, capsys, options, complaint):
    monkeypatch.chdir(tmp_path)
    assert main(["export", model, *options]) == 2
    assert complaint in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
