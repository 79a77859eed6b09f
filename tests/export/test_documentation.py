"""The snippets of docs/EXPORT.md, each run in a process that cannot import classwise."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

TEXT = (Path(__file__).parents[2] / "docs" / "EXPORT.md").read_text(encoding="utf-8")
SNIPPETS = dict(re.findall(r"```python\n# runtime: (\w+)\n(.*?)```", TEXT, re.DOTALL))
RUN = """
import sys
sys.modules["classwise"] = None
import numpy as np
images = np.load("images.npy")
{snippet}
np.save("code.npy", code)
"""
FIXTURES = {
    "onnx": ("onnx_report", "mine.onnx"),
    "cuda": ("onnx_report", "mine.onnx"),  # on the CPU, where no GPU is
    "litert": ("litert_report", "mine.tflite"),
    "saved_model": ("saved_model_report", "mine_saved_model"),
    "openvino": ("onnx_report", "mine.onnx"),
    "opencv": ("onnx_report", "mine.onnx"),
}


def test_every_runtime_has_a_snippet():
    assert SNIPPETS.keys() == FIXTURES.keys()


@pytest.mark.parametrize("runtime", FIXTURES)
def test_a_snippet_gives_the_codes(runtime, request, hasher, images, tmp_path):
    if runtime == "openvino":
        pytest.importorskip("openvino")
    fixture, name = FIXTURES[runtime]
    (tmp_path / name).symlink_to(request.getfixturevalue(fixture).path)
    np.save(tmp_path / "images.npy", images[:9])
    code = RUN.format(snippet=SNIPPETS[runtime])
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    expected = np.packbits(np.asarray(hasher(images[:9], training=False)) > 0, axis=1)
    np.testing.assert_array_equal(np.load(tmp_path / "code.npy"), expected)


def test_the_commands_exist():
    from classwise.zoo.commands import build_parser

    parser = build_parser()
    commands = re.findall(r"^classwise (.+)$", TEXT, re.MULTILINE)
    assert len(commands) >= 6
    for command in commands:
        parser.parse_args(command.split())


def test_the_options_of_the_table_exist():
    from classwise.zoo.commands import build_parser

    options = re.findall(r"^\| `(--\S+)(?: (\S+))?`", TEXT, re.MULTILINE)
    assert len(options) == 5
    for option, value in options:
        value = {"N": "18"}.get(value, value)
        build_parser().parse_args(["export", "mine.keras", option, *([value] if value else [])])
