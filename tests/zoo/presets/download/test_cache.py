import json
import subprocess
import sys
from pathlib import Path

import pytest

from classwise.zoo import InputError, list_models
from classwise.zoo.commands import main
from classwise.zoo.presets import get_preset
from classwise.zoo.presets.download import cache as cache_module
from classwise.zoo.presets.load import check_file


def alter(path):
    content = bytearray(path.read_bytes())
    content[1000] ^= 1
    path.write_bytes(content)


def test_the_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("CLASSWISE_CACHE", "~/hashers")
    assert cache_module.cache_folder() == Path.home() / "hashers"
    monkeypatch.setenv("CLASSWISE_CACHE", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_module.cache_folder().name == "classwise"
    if sys.platform == "linux":
        assert cache_module.cache_folder() == tmp_path / "classwise"


@pytest.mark.filterwarnings("error")
def test_a_cached_file_needs_no_network(server, fetch, monkeypatch):
    path = fetch(server.url)
    monkeypatch.setenv("CLASSWISE_OFFLINE", "1")
    assert fetch(server.url) == path


def test_offline_without_the_file(server, fetch, monkeypatch):
    monkeypatch.setenv("CLASSWISE_OFFLINE", "1")
    with pytest.raises(InputError, match=r"is missing, neither bundled .* nor in the cache") as e:
        fetch(server.url)
    assert f"CLASSWISE_OFFLINE=1 forbids to ask {server.url}; fetch it once" in str(e.value)
    assert server.requests == []


def test_one_altered_byte_in_the_cache(server, fetch, content, monkeypatch):
    path = fetch(server.url)
    alter(path)
    monkeypatch.setenv("CLASSWISE_OFFLINE", "1")
    with pytest.raises(InputError, match=r"is altered in the cache \(") as caught:
        fetch(server.url)
    assert str(path) in str(caught.value)
    monkeypatch.delenv("CLASSWISE_OFFLINE")
    with pytest.raises(InputError, match=r"is altered in the cache .* no mirror is named"):
        fetch()
    with pytest.warns(UserWarning, match=f"was altered; it was fetched anew from {server.url}"):
        fetch(server.url)
    assert path.read_bytes() == content


def test_files_of_two_versions_lie_side_by_side():
    one, two = (cache_module.cached_path("files/a.b.keras", digit * 64) for digit in "01")
    assert one != two
    assert one.suffix == two.suffix == ".keras"


def test_listing_and_cleaning(server, fetch, content, cache, answer, capsys):
    assert cache_module.list_cache() == []
    whole = fetch(server.url)
    altered = whole.with_name(f"other.{'0' * 16}.keras")
    altered.write_bytes(b"other")
    partial = whole.with_name(f"third.{'1' * 16}.keras.partial")
    partial.mkdir()
    (partial / "temporary").write_bytes(b"thi")
    older = whole.with_name(f"zeroth.{'3' * 16}.keras.partial")
    older.write_bytes(b"ze")
    mine = cache / "mine.keras"
    mine.write_text("a file that somebody else has put here")
    (cache / f"folder.{'2' * 16}.keras").mkdir()
    expected = [(altered.name, 5, "altered"), (whole.name, len(content), "whole")]
    expected = sorted([*expected, (partial.name, 3, "partial"), (older.name, 2, "partial")])
    listed = [file.to_dict() for file in cache_module.list_cache()]
    assert [tuple(entry.values()) for entry in listed] == expected

    assert main(["cache", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == {"folder": str(cache), "bytes": len(content) + 10, "files": listed}
    assert main(["cache"]) == 0
    assert "altered" in capsys.readouterr().out

    assert main(["cache", "--clean"]) == 0
    assert capsys.readouterr().out == f"Removed 4 files, 0.30 MB, from {cache}.\n"
    assert cache_module.list_cache() == []
    assert mine.exists()


def test_a_file_that_is_being_fetched_is_not_removed(server, fetch, capsys):
    path = fetch(server.url)
    partial = path.with_name(path.name + ".partial")
    partial.mkdir()
    path.rename(partial / path.name)
    with cache_module.locked(path):
        assert main(["cache", "--clean"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("Removed 0 files")
    assert f"Kept {partial.name}: a process is fetching it." in err
    assert partial.exists()


def test_waiting_for_another_process_is_said_in_a_terminal(cache, monkeypatch, capsys):
    import filelock

    def acquire(self, blocking=True):
        if not blocking:
            raise filelock.Timeout(self.lock_file)

    monkeypatch.setattr(filelock.FileLock, "acquire", acquire)
    with cache_module.locked(cache / "a.keras"):
        assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with cache_module.locked(cache / "a.keras"):
        assert "Waiting for another process, which fetches a.keras." in capsys.readouterr().err


def test_a_bundled_file_imports_no_network_code(cache):
    name = list_models(dataset="fashion_mnist")[0]
    assert check_file(get_preset(name), "https://example.org").parent.name == "files"
    code = f"""
from classwise.zoo.presets import get_preset
from classwise.zoo.presets.load import check_file
check_file(get_preset({name!r}))
import sys
print(*sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    network = {"requests", "urllib3", "filelock", "platformdirs", "socket", "ssl", "rich"}
    assert not network & set(done.stdout.split())
    assert not cache.exists()
