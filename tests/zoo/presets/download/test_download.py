"""Fetching from a server that is slow, cuts connections, lies about lengths, or fails at first."""

import sys
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from classwise.zoo.presets.download import download, mirror_source


def test_a_file_is_fetched_once(server, fetch, content, left_behind, capsys):
    path = fetch(server.url)
    assert path.read_bytes() == content
    assert path.suffix == ".keras"
    assert fetch(server.url) == fetch() == path
    assert server.requests == [("/files/small%20hasher.keras", None)]
    assert left_behind() == [path.name]
    assert capsys.readouterr().err == ""  # not a terminal, so no bar


def test_a_slow_server(server, fetch, content, answer):
    server.usual = answer(piece=30_000, pause=0.03)
    assert fetch(server.url).read_bytes() == content
    assert len(server.requests) == 1


def test_a_server_that_hardly_sends(server, complaint, answer, monkeypatch):
    monkeypatch.setattr(mirror_source, "LEAST_SECONDS", 0.1)
    server.usual = answer(piece=10, pause=0.02)
    assert "sends fewer than 30000 bytes in 0.1 s" in complaint(server.url)
    assert len(server.requests) == download.ATTEMPTS


def test_a_silent_server(server, complaint, answer, monkeypatch):
    monkeypatch.setattr(mirror_source, "SILENT_SECONDS", 0.1)
    server.usual = answer(piece=10_000, pause=0.5)
    assert "does not answer in time (after 5 attempts)" in complaint(server.url)


@pytest.mark.parametrize("reset", [False, True])
def test_a_cut_connection_is_resumed(server, fetch, content, answer, reset):
    server.answers = [answer(cut=100_000, reset=reset), answer(cut=100_000, reset=reset)]
    assert fetch(server.url).read_bytes() == content
    if not reset:  # a reset may throw away what was on its way
        assert server.ranges == [None, "bytes=100000-", "bytes=200000-"]


def test_a_call_goes_on_where_another_one_ended(server, fetch, content, answer, complaint):
    server.answers, server.usual = [answer(cut=123_456)], answer(status=503)
    assert "503 Service Unavailable (after 5 attempts)" in complaint(server.url)
    server.usual = answer()
    server.requests.clear()
    assert fetch(server.url).read_bytes() == content
    assert server.ranges == ["bytes=123456-"]


def test_a_finished_partial_file_needs_no_request(server, fetch, content, cache):
    path = fetch(server.url)
    path.rename(path.with_name(path.name + ".partial"))
    server.requests.clear()
    assert fetch(server.url).read_bytes() == content
    assert server.requests == []


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.tuples(st.integers(0, 300_000), st.booleans(), st.booleans()), max_size=4),
    st.integers(0, 300_000),
)
def test_any_cuts_end_in_the_file(server, fetch, content, answer, cuts, begun):
    """Fewer cuts than attempts, with and without ranges, after any earlier partial file."""
    path = fetch(server.url)
    path.unlink()
    path.with_name(path.name + ".partial").write_bytes(content[:begun])
    server.answers = [answer(cut=cut, ranges=ranges, reset=reset) for cut, ranges, reset in cuts]
    assert fetch(server.url).read_bytes() == content
    server.answers = []


def test_many_cuts_are_no_reason_to_give_up_while_bytes_come(
    server, fetch, content, answer, monkeypatch
):
    monkeypatch.setattr(download, "PROGRESS_BYTES", 10_000)
    server.usual = answer(cut=20_000)
    assert fetch(server.url).read_bytes() == content
    assert len(server.requests) == 15 > 2 * download.ATTEMPTS


def test_a_server_that_never_gets_further(server, complaint, answer):
    server.usual = answer(cut=200_000, ranges=False)
    assert "ended after 200000 of 300000 bytes (after 5 attempts)" in complaint(server.url)
    assert len(server.requests) <= download.ATTEMPTS + 1


def test_a_length_that_is_too_long(server, fetch, content, answer):
    server.usual = answer(length=400_000)
    assert fetch(server.url).read_bytes() == content
    assert len(server.requests) == 1


def test_a_length_that_is_too_short(server, fetch, content, answer):
    server.answers = [answer(length=1_000)]
    assert fetch(server.url).read_bytes() == content
    assert server.ranges == [None, "bytes=1000-"]


def test_a_length_that_is_too_short_without_ranges(server, complaint, answer, left_behind):
    server.usual = answer(length=1_000, ranges=False)
    assert "ended after 1000 of 300000 bytes (after 5 attempts)" in complaint(server.url)


def test_ranges_that_are_ignored(server, fetch, content, answer):
    server.answers = [answer(cut=100_000), answer(ranges=False)]
    assert fetch(server.url).read_bytes() == content
    assert server.ranges == [None, "bytes=100000-"]


@pytest.mark.parametrize("content_range", ["bytes 7-299999/300000", "nonsense"])
def test_another_range_than_asked_for(server, fetch, content, answer, content_range):
    server.answers = [answer(cut=100_000), answer(content_range=content_range)]
    assert fetch(server.url).read_bytes() == content
    assert server.ranges == [None, "bytes=100000-", None]


def test_a_longer_file_is_read_no_further(server, fetch, content):
    (server.folder / "files/small hasher.keras").write_bytes(content + b"more")
    assert fetch(server.url).read_bytes() == content


def test_a_shorter_file_on_the_mirror(server, fetch, complaint, content, left_behind):
    path = fetch(server.url)
    path.rename(path.with_name(path.name + ".partial"))
    path.with_name(path.name + ".partial").write_bytes(content[:-10])
    (server.folder / "files/small hasher.keras").write_bytes(content[:100])
    assert "has a shorter file, without byte 100" in complaint(server.url)
    assert server.ranges[:3] == [None, "bytes=299990-", None]


def test_a_wrong_partial_file_does_not_spoil_the_next_try(server, fetch, content):
    path = fetch(server.url)
    path.unlink()
    path.with_name(path.name + ".partial").write_bytes(b"something else")
    assert fetch(server.url).read_bytes() == content
    assert server.ranges == [None, "bytes=14-", None]


def test_a_server_that_recovers(server, fetch, content, answer):
    server.answers = [answer(status=503), answer(status=500)]
    assert fetch(server.url).read_bytes() == content


def test_pauses_double_up_to_a_limit_and_differ():
    assert download.pause(20) <= download.LONGEST_PAUSE
    for fruitless in range(4):
        most = download.FIRST_PAUSE * 2**fruitless
        drawn = [download.pause(fruitless) for _ in range(20)]
        assert all(most / 2 <= seconds <= most for seconds in drawn)
        assert len(set(drawn)) > 1


def test_it_waits_between_attempts(server, complaint, answer, monkeypatch):
    waited = []
    monkeypatch.setattr(time, "sleep", waited.append)
    monkeypatch.setattr(download, "pause", lambda fruitless: fruitless)
    server.usual = answer(status=503)
    complaint(server.url)
    assert [seconds for seconds in waited if seconds] == [1, 2, 3, 4]


def test_a_terminal_gets_a_bar(server, fetch, monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    fetch(server.url)
    out, err = capsys.readouterr()
    assert out == ""
    assert "small hasher" in err
    assert "300.0/300.0 kB" in err
