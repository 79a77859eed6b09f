"""Mirrors that serve other bytes, no file, or lead elsewhere."""

import pytest

from classwise.zoo.presets.download import mirror_source
from classwise.zoo.presets.download.mirrors import MirrorError, parse_mirror


def test_altered_bytes_are_refused(server, complaint, answer, left_behind):
    server.usual = answer(altered=True)
    message = complaint(server.url)
    assert f"{server.url}: has another content (SHA-256 " in message
    assert "write it anew with `classwise mirror`" in message
    assert len(server.requests) == 1
    assert left_behind() == []


def test_altered_bytes_from_a_server_that_cuts(server, complaint, answer, left_behind):
    server.answers = [answer(cut=100_000)]
    server.usual = answer(altered=True)
    assert "has another content" in complaint(server.url)
    assert server.ranges == [None, "bytes=100000-", None]
    assert left_behind() == []


@pytest.mark.parametrize(
    ("status", "phrase", "attempts"),
    [
        (404, "404 Not Found", 1),
        (403, "403 Forbidden", 1),
        (500, "500 Internal Server Error (after 5 attempts)", 5),
        (503, "503 Service Unavailable (after 5 attempts)", 5),
        (429, "429 Too Many Requests (after 5 attempts)", 5),
        (204, "204 No Content", 1),
    ],
)
def test_statuses(server, complaint, answer, left_behind, status, phrase, attempts):
    server.usual = answer(status=status)
    message = complaint(server.url)
    assert f"{server.url}: answers {phrase};" in message
    assert "CLASSWISE_MIRRORS" in message
    assert len(server.requests) == attempts
    assert left_behind() == []


def test_no_server(server, complaint):
    server.shutdown()
    server.server_close()
    assert f"{server.url}: Connection refused (after 5 attempts)" in complaint(server.url)


def test_a_server_without_encryption(server, complaint):
    url = server.url.replace("http:", "https:")
    message = complaint(url)
    assert f"{url}: [SSL" in message
    assert "attempts" not in message


def test_a_host_that_cannot_be(complaint):
    assert "https://a..b/m: is no URL that can be opened;" in complaint("https://a..b/m")


def test_a_redirect_inside_the_mirror(server, fetch, content, answer):
    server.answers = [answer(location="/mirror/files/../files/small%20hasher.keras")]
    assert fetch(f"{server.url}/mirror").read_bytes() == content
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    "location",
    [
        "/files/small%20hasher.keras",
        "../../files/small%20hasher.keras",
        "/mirror/../files/small%20hasher.keras",
        "/mirror/%2e%2e/files/small%20hasher.keras",
        "file:///etc/passwd",
        "https://example.org/mirror/files/small%20hasher.keras",
        "http://{other}/mirror/files/small%20hasher.keras",
        "//{other}/mirror/files/small%20hasher.keras",
        "http://{host}@{other}/mirror/files/small%20hasher.keras",
        "http://{other}\\@{host}/mirror/files/small%20hasher.keras",
        "ftp://{host}/mirror/files/small%20hasher.keras",
        "http://[/",
    ],
)
def test_a_redirect_out_of_the_mirror(serve, complaint, answer, left_behind, location):
    server, other = serve(), serve()
    hosts = {"host": server.url[len("http://") :], "other": other.url[len("http://") :]}
    server.usual = answer(location=location.format(**hosts))
    assert f"{server.url}/mirror: redirects " in complaint(f"{server.url}/mirror")
    assert len(server.requests) == 1
    assert other.requests == []
    assert left_behind() == []


def test_a_redirect_loop(server, complaint, answer):
    server.usual = answer(location="/files/small%20hasher.keras")
    assert "redirects more than 5 times" in complaint(server.url)
    assert len(server.requests) == 6


def test_a_hub_may_redirect_to_its_storage_only(
    server, fetch, content, answer, complaint, monkeypatch
):
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    server.answers = [answer(location="https://example.org/hf.co/x")]
    assert "hf://o/r: redirects out of the mirror" in complaint("hf://o/r")
    server.answers = [answer(location="/mirror/files/small%20hasher.keras?signature=x")]
    server.requests.clear()
    (server.folder / "mirror/files/small hasher.keras?signature=x").write_bytes(content)
    assert fetch("hf://o/r").read_bytes() == content
    assert server.requests[0][0] == "/o/r/resolve/main/files/small%20hasher.keras"


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://cdn-lfs.hf.co/x?sign=1", True),
        ("https://huggingface.co/api/x", True),
        ("http://cdn-lfs.hf.co/x", False),
        ("https://evil-hf.co/x", False),
        ("https://hf.co.example.org/x", False),
    ],
)
def test_the_storage_of_the_hub(url, allowed, cache):
    mirror = parse_mirror("hf://o/r")
    if allowed:
        assert mirror_source.redirected(mirror, mirror.base, url) == url
    else:
        with pytest.raises(MirrorError, match="out of the mirror"):
            mirror_source.redirected(mirror, mirror.base, url)


def test_the_next_mirror_is_asked(serve, fetch, content, answer, complaint):
    first, second = serve(), serve()
    first.usual = answer(altered=True)
    second.usual = answer(status=404)
    message = complaint(f"{first.url}, {second.url}")
    assert f"{first.url}: has another content" in message
    assert f"{second.url}: answers 404" in message
    second.usual = answer()
    assert fetch([first.url, second.url]).read_bytes() == content


def test_a_folder_as_a_mirror(server, fetch, content, complaint, monkeypatch):
    monkeypatch.setenv("CLASSWISE_OFFLINE", "1")  # a folder is no network
    mirror = server.folder.as_uri()
    (server.folder / "empty").mkdir()
    assert f"{mirror}/empty: No such file or directory" in complaint(f"{mirror}/empty")
    assert fetch(mirror).read_bytes() == content
    assert server.requests == []
