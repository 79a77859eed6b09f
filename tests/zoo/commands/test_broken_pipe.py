"""Output that nobody reads to its end, as in `classwise list | head -1`, is no error."""

import subprocess
import sys

import pytest

START = "import sys; from classwise.zoo.commands import main; sys.exit(main(sys.argv[1:]))"
PIPE_SIGNAL = 128 + 13


def run_unread(*arguments):
    """Returns the exit status and stderr of a command whose reader is gone before it starts."""
    command = [sys.executable, "-c", START, *map(str, arguments)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    return process.wait(), errors


@pytest.mark.parametrize("arguments", [["--json"], ["--json", "--code-length", "4096"]])
def test_json_that_nobody_reads(arguments):
    """More than Python's buffer holds, and less: that is written once the command has run."""
    assert run_unread("list", *arguments) == (PIPE_SIGNAL, "")


def test_a_table_that_nobody_reads():
    assert run_unread("list") == (PIPE_SIGNAL, "")


def test_codes_are_written_all_the_same(model_file, image_folder, tmp_path):
    output = tmp_path / "codes.npz"
    status, errors = run_unread("encode", model_file, image_folder, "-o", output)
    assert status == PIPE_SIGNAL
    assert "Broken" not in errors
    assert output.is_file()
