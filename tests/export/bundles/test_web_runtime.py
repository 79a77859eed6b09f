import base64
import hashlib
import io
import stat
import tarfile

import pytest

from classwise import zoo
from classwise.export.bundles import web_runtime
from classwise.export.bundles.web_runtime import FILES, write_runtime


def package() -> bytes:
    """Makes an archive as npm has it."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name in (*FILES, "ort.js"):
            entry = tarfile.TarInfo(f"package/dist/{name}")
            entry.size = len(name)
            archive.addfile(entry, io.BytesIO(name.encode()))
    return buffer.getvalue()


@pytest.fixture
def npm(tmp_path, monkeypatch):
    """Returns a function that puts a stand-in for npm, a shell script, on an empty path."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def write(script: str):
        (folder / "npm").write_text(f"#!/bin/sh\nPATH=/bin:/usr/bin\n{script}\n")
        (folder / "npm").chmod(stat.S_IRWXU)

    return write


def fingerprint(data: bytes) -> str:
    return "sha512-" + base64.b64encode(hashlib.sha512(data).digest()).decode()


def test_three_files_come_out_of_the_npm_package(npm, tmp_path, monkeypatch):
    (tmp_path / "archive").write_bytes(package())
    monkeypatch.setattr(web_runtime, "INTEGRITY", fingerprint(package()))
    npm(f'[ "$1 $2" = "pack {web_runtime.PACKAGE}" ] && cp {tmp_path}/archive made.tgz')
    write_runtime(tmp_path / "runtime")
    found = {file.name: file.read_text() for file in (tmp_path / "runtime").iterdir()}
    assert found.pop("ORIGIN.txt").startswith("onnxruntime-web@")
    assert found == {name: name for name in FILES}


def test_a_package_with_another_checksum_is_refused(npm, tmp_path):
    (tmp_path / "archive").write_bytes(package())
    npm(f"cp {tmp_path}/archive made.tgz")
    with pytest.raises(zoo.InputError, match=r"another onnxruntime-web@.*--web-runtime"):
        write_runtime(tmp_path / "runtime")
    assert not list((tmp_path / "runtime").iterdir())


def test_missing_npm_names_both_remedies(npm, tmp_path):
    with pytest.raises(zoo.InputError, match=r"npm is not installed; install npm, or .*npm pack"):
        write_runtime(tmp_path / "runtime")


def test_failing_npm_tells_its_reason(npm, tmp_path):
    npm("echo 'npm error network is unreachable' >&2; exit 1")
    with pytest.raises(zoo.InputError, match=r"network is unreachable.*--web-runtime"):
        write_runtime(tmp_path / "runtime")


def test_folder_of_the_user(no_runtime, tmp_path):
    write_runtime(tmp_path / "runtime", no_runtime)
    assert all((tmp_path / "runtime" / name).read_text() == name for name in FILES)


def test_folder_that_lacks_a_file(tmp_path):
    (tmp_path / FILES[0]).write_text("")
    with pytest.raises(zoo.InputError, match=rf"has no {FILES[1]}; name the dist folder"):
        write_runtime(tmp_path / "runtime", tmp_path)
