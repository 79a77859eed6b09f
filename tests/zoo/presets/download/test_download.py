"""Files that are fetched from mirrors."""

import sys
from types import SimpleNamespace

import pytest

from classwise.zoo.presets.download import transfer


def test_a_file_is_fetched(server, fetch, content, left_behind):
    path = fetch(f"{server.url}/mirror")
    assert path.read_bytes() == content
    assert server.requests == ["/mirror/files/small%20hasher.keras"]
    assert left_behind() == [path.name]


@pytest.mark.parametrize(
    "end", [{"cut": 100_000}, {"cut": 100_000, "reset": True}, {"status": 503}]
)
def test_a_server_that_recovers(server, fetch, content, answer, end):
    server.answers = [answer(**end)]
    assert fetch(server.url).read_bytes() == content
    assert len(server.requests) == 2


def test_a_length_that_is_too_short(server, fetch, complaint, content, answer):
    server.answers = [answer(length=1_000)]
    assert "has another content" in complaint(server.url)
    assert fetch(server.url).read_bytes() == content


def test_a_terminal_gets_a_bar(server, fetch, monkeypatch, capfd):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    fetch(server.url)
    out, err = capfd.readouterr()
    assert out == ""
    assert "300k/300k" in err


def test_what_is_no_terminal_gets_none(server, fetch, capfd):
    fetch(server.url)
    assert capfd.readouterr() == ("", "")


def test_a_file_comes_from_a_hub(hub, fetch, content, left_behind):
    hub.add("o/r", {"files/small hasher.keras": content, "other": b"not asked for"})
    path = fetch("hf://o/r")
    assert path.read_bytes() == content
    assert left_behind() == [path.name]
    assert not any("other" in request for request in hub.requests)
    assert all("classwise" not in agent or "hf_hub" in agent for agent in hub.agents)


DRIPS = {
    "a header": (b"HTTP/1.1 200 OK\r\nX: ", b"x"),
    "headers": (b"HTTP/1.1 200 OK\r\n", b"X: x\r\n"),
    "100-continue": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a chunk extension": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"x"),
    "a body": (b"HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n", b"x"),
    "redirects": (b"HTTP/1.1 302 Found\r\nLocation: /", b"x"),
}


@pytest.fixture
def deadline_once_asked(monkeypatch):
    """Returns a function that lets the deadline pass as soon as a server has been asked."""

    def arrange(server):
        clock = SimpleNamespace(monotonic=lambda: 1e6 if server.requests else 0.0)
        monkeypatch.setattr(transfer, "time", clock)
        return server

    return arrange


@pytest.mark.parametrize("drip", DRIPS.values(), ids=DRIPS)
def test_a_server_that_drips_ends_at_the_deadline(
    serve, content, fetch, complaint, answer, drip, deadline_once_asked, left_behind
):
    """Whatever it drips, with the cache's lock held: then the lock is free, and others may try."""
    server = deadline_once_asked(serve())
    server.usual = answer(drip=drip)
    assert f"{server.url}: does not end within 600 s" in complaint(server.url)
    assert left_behind() == []
    server.requests.clear()
    assert fetch(serve().url).read_bytes() == content


def test_a_hub_that_drips_ends_at_the_deadline(
    serve, complaint, answer, deadline_once_asked, monkeypatch
):
    server = deadline_once_asked(serve())
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    server.usual = answer(drip=DRIPS["headers"])
    assert "hf://o/r: does not end within 600 s" in complaint("hf://o/r")


def test_a_body_without_end(server, complaint, answer, left_behind):
    server.usual = answer(repeated=1_000_000)
    assert f"{server.url}: sends more than 1300000 bytes" in complaint(server.url)
    assert left_behind() == []
