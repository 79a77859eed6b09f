"""What the command line does before a command: help, typos, and starting fast."""

import re
import subprocess
import sys

import pytest
from PIL import Image

from classwise.zoo.commands import COMMANDS, TRIED


def imported_by(code):
    """Returns the modules that a fresh Python has imported after `code`."""
    code += "; import sys; print(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in done.stdout.split()} | set(done.stdout.split())


HEAVY = {"tensorflow", "keras", "numpy", "matplotlib", "onnx", "sklearn", "faiss", "rich"}
HEAVY |= {"huggingface_hub", "jinja2", "requests", "pooch", "PIL", "importlib.metadata"}


def test_help_imports_nothing_heavy():
    assert (
        not imported_by("from classwise.zoo.commands import build_parser; build_parser()") & HEAVY
    )


def test_the_package_and_its_version_import_nothing_heavy():
    assert not imported_by("import classwise; classwise.__version__; classwise.zoo") & HEAVY


def test_reading_images_and_measuring_codes_need_no_keras():
    modules = imported_by(
        "from classwise import zoo; zoo.read_images; zoo.retrieval.evaluate_codes"
    )
    assert not modules & {"tensorflow", "keras", "jinja2"}


def test_losses_import_no_data_sets_exports_or_plots():
    heavy = {"tensorflow_datasets", "onnx", "onnxruntime", "matplotlib", "faiss", "sklearn"}
    # Keras itself imports matplotlib where it is installed.
    modules = imported_by("import classwise.losses") - imported_by("import keras")
    assert not modules & heavy


def test_help_lists_every_command(classwise):
    status, out, _ = classwise("--help")
    assert status == 0
    for command in COMMANDS:
        assert re.search(rf"^ +{command}\s", out, re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(classwise, command):
    status, out, _ = classwise(command, "--help")
    assert status == 0
    assert f"usage: classwise {command}" in out


def test_version(classwise):
    from importlib.metadata import version

    assert classwise("--version")[:2] == (0, f"classwise {version('classwise')}\n")


def test_typo(classwise):
    status, out, err = classwise("evaluat", "x")
    assert (status, out) == (2, "")
    assert "unknown command 'evaluat'; did you mean 'evaluate'?" in err
    assert err.count("\n") == 1


def test_no_command(classwise):
    assert classwise()[0] == 2


def test_missing_argument_and_unknown_flag(classwise):
    assert classwise("info")[0] == 2
    status, _, err = classwise("list", "--jsno")
    assert status == 2
    assert "--jsno" in err


@pytest.mark.parametrize("tried", TRIED)
def test_what_people_try_points_to_what_there_is(classwise, tried):
    status, out, err = classwise(tried, "photos/")
    assert (status, out) == (2, "")
    assert f"unknown command '{tried}'; {TRIED[tried]}." in err
    assert err.count("\n") == 1


# Refused before a model, and with it TensorFlow, is loaded: by the images, the output, the model.
REFUSED = {
    "encode dcwh_resnet9_fashion_mnist_48 GONE -o c.npz": "'GONE' is not a folder",
    "encode dcwh_resnet9_fashion_mnist_48 . -o c.txt": "must end in .npz",
    "encode GONE.keras IMAGE -o c.npz": "GONE.keras",
    "encode GONE.onnx IMAGE -o c.npz": "GONE.onnx",
    "encode dcwh_resnet9_fashion_mnist_48 https://a.org/b.jpg -o c.npz": "is a URL",
    "evaluate dcwh_resnet9_fashion_mnist_48 --images GONE": "'GONE' is not a folder",
    "evaluate dcwh_resnet9_fashion_mnist_48 GONE.keras --protocol fashion-mnist-full": "GONE.keras",
    "evaluate dcwh_resnet9_fashion_mnist_48 --queries . --database GONE": "has no sub-folders",
    "train FOLDER_RECIPE --images GONE": "'GONE' is not a folder",
    "verify dcwh_resnet9_fashion_mnist_48 b.onnx --images GONE": "'GONE' is not a folder",
    "export dcwh_resnet9_fashion_mnist_48 --bundle web --gallery GONE": "'GONE' is not a folder",
    "export dcwh_resnet9_fashion_mnist_48 --precision int8 --calibration GONE": "'GONE' is not",
    "export GONE.keras": "GONE.keras",
}


def refused(command, missing=()):
    """Returns what a command prints that is refused before TensorFlow is loaded."""
    code = (
        "import sys\n"
        f"sys.modules |= dict.fromkeys({list(missing)!r})\n"
        "from classwise.zoo.commands import main\n"
        f"status = main({command!r})\n"
        "print(status, 'tensorflow' in sys.modules, 'keras' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "2 False False\n", done.stderr
    assert done.stderr.count("\n") == 1
    return done.stderr


@pytest.mark.parametrize(("command", "message"), REFUSED.items())
def test_refusals_do_not_wait_for_tensorflow(
    command, message, tmp_path, folder_recipe, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    Image.new("L", (4, 4)).save("image.png")
    names = {"FOLDER_RECIPE": str(folder_recipe), "IMAGE": "image.png"}
    assert message in refused([names.get(word, word) for word in command.split()])


@pytest.mark.parametrize(
    ("command", "package"),
    [
        ("export PRESET", "tf2onnx"),
        ("export PRESET", "onnxruntime"),
        ("export PRESET --format litert", "ai_edge_litert"),
        ("export PRESET --bundle triton", "onnx"),
        ("demo", "onnx"),
        ("encode FILE image.png -o c.npz", "onnxruntime"),
        ("verify PRESET FILE", "onnxruntime"),
        ("evaluate PRESET FILE --protocol fashion-mnist-full", "onnxruntime"),
    ],
)
def test_nor_does_a_missing_package(command, package, make_onnx_file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Image.new("L", (4, 4)).save("image.png")
    names = {"PRESET": "dcwh_resnet9_fashion_mnist_48", "FILE": str(make_onnx_file())}
    printed = refused([names.get(word, word) for word in command.split()], [package])
    assert f"needs the package {package}" in printed
    assert "pip install" in printed
