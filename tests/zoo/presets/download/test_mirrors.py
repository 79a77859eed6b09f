import hashlib
import json
import re
import subprocess

import pytest

from classwise.zoo import InputError, list_models
from classwise.zoo.commands import main
from classwise.zoo.foundation.written_folder import RECORD
from classwise.zoo.presets import get_preset, presets, registry
from classwise.zoo.presets.download.mirrors import is_offline, parse_mirrors
from classwise.zoo.presets.locate import locate
from classwise.zoo.presets.write_mirror import write_mirror

# A small one.
FIRST = list_models(dataset="fashion_mnist")[0]


@pytest.fixture
def no_bundled_files(cache, tmp_path, monkeypatch):
    """Nothing is bundled; returns a mirror with the presets, as a folder."""
    mirror = tmp_path / "mirror"
    write_mirror(mirror)
    (tmp_path / "nothing").mkdir()
    presets()  # the table, which is kept in memory
    monkeypatch.setattr(registry, "FOLDER", tmp_path / "nothing")
    return mirror


@pytest.mark.parametrize(
    ("text", "bases"),
    [
        ("", []),
        ("https://a.org/m", ["https://a.org/m/"]),
        (
            " https://a.org/m/,file:///srv/m\n\thttp://localhost:8000 ",
            ["https://a.org/m/", "file:///srv/m/", "http://localhost:8000/"],
        ),
        ("hf://some-one/a.b_c/", ["hf://some-one/a.b_c/"]),
        ("http://[::1]:80/", ["http://[::1]:80/"]),
    ],
)
def test_urls(text, bases, cache, monkeypatch):
    assert [mirror.base for mirror in parse_mirrors(text)] == bases
    monkeypatch.setenv("CLASSWISE_MIRRORS", text)
    assert [mirror.base for mirror in parse_mirrors()] == bases


@pytest.mark.parametrize(
    "url",
    [
        "http://a.org/m",
        "http://localhost.a.org/m",
        "http://localhost@a.org/m",
        "ftp://a.org/m",
        "/srv/m",
        "a.org",
        "https:///m",
        "https://a.org/m?key=1",
        "https://a.org/m#part",
        "https://a.org:port/m",
        "file://a.org/m",
        "file:m",
        "hf://owner",
        "hf://owner/repo/folder",
    ],
)
def test_other_urls_are_refused_even_for_a_bundled_file(url):
    preset = get_preset(FIRST)
    with pytest.raises(InputError, match=r"Mirror '.*'.*write https://HOST/FOLDER"):
        locate(preset.file, preset.bytes, preset.sha256, url)


def test_a_password_is_not_shown():
    (mirror,) = parse_mirrors("https://me:secret@a.org/m")
    assert mirror.name == "https://a.org/m"
    assert mirror.base == "https://me:secret@a.org/m/"
    with pytest.raises(InputError) as caught:
        parse_mirrors("http://me:secret@a.org/m")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(("value", "offline"), [("", False), ("0", False), ("1", True)])
def test_offline(value, offline, monkeypatch):
    monkeypatch.setenv("CLASSWISE_OFFLINE", value)
    assert is_offline() == offline


def test_offline_is_0_or_1(monkeypatch):
    monkeypatch.setenv("CLASSWISE_OFFLINE", "maybe")
    with pytest.raises(InputError, match="CLASSWISE_OFFLINE is 'maybe'; allowed: 1"):
        is_offline()


def test_a_mirror_holds_the_files_and_their_checksums(no_bundled_files):
    index = json.loads((no_bundled_files / "index.json").read_text())
    names = {name for entry in index["files"] for name in entry["needed_by"]}
    assert names == set(list_models()) | set(registry.trunks())
    classifiers = [trunk for trunk in registry.trunks().values() if trunk.classifier]
    files = {entry["file"] for entry in index["files"]}
    assert len(files) == len(index["files"]) == len(names) + len(classifiers)
    for entry in index["files"]:
        content = (no_bundled_files / entry["file"]).read_bytes()
        assert len(content) == entry["bytes"]
        assert hashlib.sha256(content).hexdigest() == entry["sha256"]
    subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"],
        cwd=no_bundled_files,
        check=True,
        capture_output=True,
    )


def test_a_hasher_comes_from_a_mirror(no_bundled_files, serve, cache):
    from classwise import zoo

    server, name = serve(no_bundled_files), FIRST
    hasher = zoo.load(name, mirror=server.url)
    assert hasher.code_length == get_preset(name).code_length
    files = get_preset(name).files
    assert sum(path.is_file() for path in cache.iterdir()) == len(server.requests) == len(files)
    zoo.load(name)
    assert len(server.requests) == len(files)


def test_a_preset_without_a_mirror(no_bundled_files, cache):
    from classwise import zoo

    name = FIRST
    with pytest.raises(InputError) as caught:
        zoo.load(name)
    message = str(caught.value)
    assert re.match(r"\w+: files/[\w.]+ is missing, neither bundled", message)
    assert str(cache) in message
    assert "CLASSWISE_MIRRORS or mirror= (--mirror)" in message


def test_a_mirror_of_some_presets_made_from_another_mirror(no_bundled_files, tmp_path):
    name = FIRST
    entries = write_mirror(tmp_path / "some", [name], no_bundled_files.as_uri())
    assert [entry["needed_by"] for entry in entries] == [[name]] * len(entries)
    found = {path for path in (tmp_path / "some").rglob("*") if path.is_file()}
    files = {part.file for part in get_preset(name).files}
    assert found == {
        tmp_path / "some" / file for file in files | {"SHA256SUMS", "index.json", RECORD}
    }

    trunk = get_preset(name).trunk
    (entry,) = write_mirror(tmp_path / "trunk", [trunk], no_bundled_files.as_uri())
    assert entry["needed_by"] == [trunk]


def test_a_mirror_is_written_whole_or_not_at_all(no_bundled_files, tmp_path):
    gone, *_ = sorted((no_bundled_files / "files").iterdir())
    gone.unlink()
    before = {path.name for path in tmp_path.iterdir()}
    with pytest.raises(InputError, match="could not be fetched"):
        write_mirror(tmp_path / "copies/mirror", mirrors=no_bundled_files.as_uri())
    assert {path.name for path in tmp_path.iterdir()} - before <= {"cache"}


def test_a_mirror_replaces_a_mirror_but_nothing_else(tmp_path):
    write_mirror(tmp_path / "mirror", [FIRST])
    write_mirror(tmp_path / "mirror", [get_preset(FIRST).trunk])
    assert not (tmp_path / "mirror" / get_preset(FIRST).file).exists()
    (tmp_path / "mirror/files/mine.txt").write_text("mine")
    with pytest.raises(InputError, match=r"holds files/mine\.txt, which is not as classwise"):
        write_mirror(tmp_path / "mirror", [FIRST])
    assert (tmp_path / "mirror/files/mine.txt").read_text() == "mine"

    (tmp_path / "photos").mkdir()
    (tmp_path / "photos/index.json").write_text('{"format_version": 1, "files": []}')
    with pytest.raises(InputError, match=r"photos exists and holds index\.json.*no mirror"):
        write_mirror(tmp_path / "photos")
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="is a file"):
        write_mirror(tmp_path / "file")
    with pytest.raises(InputError, match="names no new folder"):
        write_mirror(".")
    with pytest.raises(InputError, match="Unknown preset"):
        write_mirror(tmp_path / "new", ["nothing"])
    assert not (tmp_path / "new").exists()


def test_commands(no_bundled_files, cache, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("CLASSWISE_MIRRORS", "file:///nowhere")  # and put back after the test
    copy, url = tmp_path / "my copy", no_bundled_files.as_uri()
    assert main(["mirror", str(copy), "--mirror", url]) == 0
    out = capsys.readouterr().out
    entries = (presets() | registry.trunks()).values()
    sizes = {file.file: file.bytes for entry in entries for file in entry.files}
    assert f"Wrote {copy} ({len(sizes)} files" in out
    assert f"python -m http.server --directory '{copy}'" in out
    assert f"CLASSWISE_MIRRORS={tmp_path.as_uri()}/my%20copy" in out
    assert main(["mirror", str(tmp_path / "other"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["bytes"] == sum(sizes.values())
    assert main(["mirror", str(tmp_path), "--mirror", url]) == 2
    assert "is no mirror" in capsys.readouterr().err
