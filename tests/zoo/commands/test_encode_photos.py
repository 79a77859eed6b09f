"""`classwise encode` on the folders that people have, and two of them at once."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("onnxruntime")

START = "import sys; from classwise.zoo.commands import main; sys.exit(main(sys.argv[1:]))"


@pytest.fixture
def photos(tmp_path):
    """Photos of years and trips, loose ones, and what is none."""
    for value, name in enumerate(["2020/a", "2020/rome/b", "2021/c", "loose"]):
        path = tmp_path / "photos" / f"{name}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (40, 30), 50 * value).save(path)
    for name in ("Thumbs.db", ".DS_Store", "2020/a.xmp"):
        (tmp_path / "photos" / name).write_text("x")
    return tmp_path / "photos"


@pytest.fixture
def encode(classwise, make_onnx_file, tmp_path):
    """A function from more arguments to the exit status, the file, and what was printed."""
    model, output = make_onnx_file(), tmp_path / "c.npz"

    def run(*arguments):
        status, out, err = classwise("encode", model, *arguments, "-o", output)
        found = dict(np.load(output)) if output.exists() else None
        return status, found, out + err

    return run


def test_every_photo_of_a_tree_and_a_line_about_the_rest(encode, photos):
    status, found, printed = encode(photos)
    assert status == 0
    assert found["names"].tolist() == ["2020/a.jpg", "2020/rome/b.jpg", "2021/c.jpg", "loose.jpg"]
    assert "labels" not in found
    assert "class_names" not in found
    assert "2 files left out that are no images: 2020/a.xmp, Thumbs.db" in printed
    assert "skipped" not in printed


def test_no_readable_photo_is_skipped(encode, photos):
    status, found, printed = encode(photos, "--skip-bad-files", "--json")
    assert status == 0
    assert len(found["codes"]) == 4
    outcome = json.loads(printed[printed.index("{") : printed.rindex("}") + 1])
    assert (outcome["skipped"], outcome["other_files"]) == (0, 2)


def test_labels_of_folders_are_asked_for(encode, photos, tmp_path):
    status, _, printed = encode(photos, "--labels", "folders")
    assert status == 2
    assert "loose.jpg' lies beside the class folders" in printed
    (photos / "loose.jpg").unlink()
    status, found, _ = encode(photos, "--labels", "folders")
    assert status == 0
    assert found["labels"].tolist() == [0, 0, 1]
    assert found["class_names"].tolist() == ["2020", "2021"]
    (tmp_path / "names.txt").write_text("2021\n2019\n2020\n")
    status, found, _ = encode(
        photos, "--labels", "folders", "--class-names", tmp_path / "names.txt"
    )
    assert status == 0
    assert found["labels"].tolist() == [2, 2, 0]
    assert found["class_names"].tolist() == ["2021", "2019", "2020"]


def test_class_names_belong_to_labels(encode, photos):
    status, _, printed = encode(photos, "--class-names", photos)
    assert status == 2
    assert "--labels folders" in printed


def test_files_and_a_list_of_them(encode, photos, monkeypatch):
    monkeypatch.chdir(photos)
    status, found, _ = encode("loose.jpg", "2020/a.jpg")
    assert status == 0
    assert found["names"].tolist() == ["loose.jpg", "2020/a.jpg"]
    (photos / "list.txt").write_text("2021/c.jpg\nloose.jpg\n")
    status, found, _ = encode("list.txt")
    assert found["names"].tolist() == ["2021/c.jpg", "loose.jpg"]


def test_the_limit_of_pixels_is_an_option(encode, photos):
    status, _, printed = encode(photos, "--max-pixels", "1199")
    assert status == 2
    assert "1,200 pixels and 1,199 are allowed" in printed
    assert encode(photos, "--max-pixels", "1200")[0] == 0


def started(model, photos, output, *more):
    command = [sys.executable, "-c", START, "encode", model, photos, "-o", output, *more]
    return subprocess.Popen(
        list(map(str, command)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hears_signals,
    )


def hears_signals():
    """A run in the background of a shell, or below `nohup`, would ignore two of them."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


@pytest.fixture
def many(photos):
    """A thousand small photos more, each encoded as a batch of its own."""
    for number in range(1000):
        os.link(photos / "loose.jpg", photos / f"{number:04}.jpg")
    return photos


def wait_for(condition, process):
    while not condition():
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)


def test_two_runs_into_one_output(make_onnx_file, many, tmp_path):
    output = tmp_path / "c.npz"
    arguments = (make_onnx_file(), many, output, "--batch-size", "1")
    first = started(*arguments)
    wait_for((tmp_path / "c.npz.part" / "run.json").exists, first)
    first.send_signal(signal.SIGSTOP)  # so that the second meets it at work
    second = started(*arguments)
    _, refused = second.communicate(timeout=300)
    first.send_signal(signal.SIGCONT)
    assert second.returncode == 2
    assert f"Another run is writing {output}; wait for it" in refused
    _, errors = first.communicate(timeout=300)
    assert first.returncode == 0, errors
    assert len(np.load(output)["codes"]) == 1004
    assert not (tmp_path / "c.npz.part").exists()


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_signals_end_a_run_that_goes_on_later(make_onnx_file, many, tmp_path, name):
    output = tmp_path / "c.npz"
    arguments = (make_onnx_file(), many, output, "--batch-size", "1", "--json")
    run = started(*arguments)
    wait_for((tmp_path / "c.npz.part" / "run.json").exists, run)
    time.sleep(0.1)
    run.send_signal(getattr(signal, name))
    out, errors = run.communicate(timeout=300)
    assert (run.returncode, out) == (130, ""), errors
    assert errors.endswith("classwise encode: interrupted.\n")
    assert "Traceback" not in errors
    assert not output.exists()
    again = started(*arguments)
    out, errors = again.communicate(timeout=300)
    assert again.returncode == 0, errors
    assert json.loads(out)["images"] == len(np.load(output)["codes"]) == 1004


def test_what_nohup_ignores_stays_ignored(make_onnx_file, many, tmp_path):
    command = [
        sys.executable,
        "-c",
        f"import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN); {START}",
    ]
    command += ["encode", make_onnx_file(), many, "-o", tmp_path / "c.npz", "--batch-size", "1"]
    run = subprocess.Popen(list(map(str, command)), stderr=subprocess.PIPE, text=True)
    wait_for((tmp_path / "c.npz.part" / "run.json").exists, run)
    run.send_signal(signal.SIGHUP)
    _, errors = run.communicate(timeout=300)
    assert run.returncode == 0, errors
