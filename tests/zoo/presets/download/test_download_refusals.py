"""Mirrors that serve other bytes, no file, or lead elsewhere."""

import pytest

from classwise.zoo.presets.download.fetch import is_as_safe, without_secrets


def test_altered_bytes_are_refused(server, complaint, answer, left_behind):
    server.usual = answer(altered=True)
    assert f"{server.url}: has another content (SHA-256 " in complaint(server.url)
    assert len(server.requests) == 1
    assert left_behind() == []


def test_altered_bytes_of_a_hub_are_refused(hub, complaint, content, left_behind):
    hub.add("o/r", {"files/small hasher.keras": content[:-1] + b"x"})
    assert "hf://o/r: has another content (SHA-256 " in complaint("hf://o/r")
    assert left_behind() == []


@pytest.mark.parametrize(
    ("status", "phrase", "attempts"),
    [
        (404, "answers 404 Not Found", 1),
        (403, "answers 403 Forbidden", 1),
        (204, "answers 204 No Content", 1),
        (503, "503 Server Error: Service Unavailable", 3),
    ],
)
def test_statuses(server, complaint, answer, left_behind, status, phrase, attempts):
    server.usual = answer(status=status)
    message = complaint(server.url)
    assert f"{server.url}: {phrase}" in message
    assert "CLASSWISE_MIRRORS" in message
    assert len(server.requests) == attempts
    assert left_behind() == []


def test_a_hub_without_the_repository(hub, complaint):
    assert "hf://o/r: 404 Client Error" in complaint("hf://o/r")


def test_no_server(server, complaint):
    server.shutdown()
    server.server_close()
    assert f"{server.url}: Connection refused;" in complaint(server.url)


def test_a_server_without_encryption(server, complaint):
    url = server.url.replace("http:", "https:")
    assert f"{url}: [SSL" in complaint(url)


def test_a_redirect(server, fetch, content, answer):
    server.answers = [answer(location="/mirror/files/small%20hasher.keras")]
    assert fetch(server.url).read_bytes() == content
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    "location", ["http://example.org/x", "file:///etc/passwd", "ftp://127.0.0.1/x", "//example.org"]
)
def test_a_redirect_out_of_encryption(server, complaint, answer, left_behind, location):
    server.usual = answer(location=location)
    assert f"{server.url}: redirects to " in complaint(server.url)
    assert len(server.requests) == 1
    assert left_behind() == []


def test_a_redirect_loop(server, complaint, answer):
    server.usual = answer(location="/files/small%20hasher.keras")
    assert "Exceeded 30 redirects" in complaint(server.url)


@pytest.mark.parametrize(
    ("start", "end", "safe"),
    [
        ("https://a.org/x", "https://b.org/y", True),
        ("https://a.org/x", "http://a.org/x", False),
        ("https://a.org/x", "http://localhost/x", False),
        ("http://localhost/x", "http://127.0.0.1:80/x", True),
        ("http://localhost/x", "http://a.org/x", False),
    ],
)
def test_where_a_redirect_may_lead(start, end, safe):
    assert is_as_safe(start, end) == safe


def test_passwords_and_signatures_are_not_shown():
    text = "404 for url: https://me:secret@a.org/x?signature=secret"
    assert without_secrets(text) == "404 for url: https://a.org/x"


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
    assert f"{mirror}/empty: has no such file" in complaint(f"{mirror}/empty")
    assert fetch(mirror).read_bytes() == content
    assert server.requests == []
