"""`classwise serve`, started and stopped, and its page in a browser."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import pytest

from classwise import zoo
from classwise.zoo.commands import index_command
from classwise.zoo.search.photo_server import PhotoServer
from tests.zoo.search.conftest import model, photos, write_photo

__all__ = ["model", "photos"]
START = "import sys; from classwise.zoo.commands import main; sys.exit(main(sys.argv[1:]))"


@pytest.fixture
def served(photos, model, tmp_path, monkeypatch):
    """A server that runs, and its address."""
    for number in range(30):
        write_photo(photos / "many" / f"{number}.jpg", 500 + number, (300, 200))
    zoo.build_index(model, photos, tmp_path / "photos.index")
    monkeypatch.setenv("PYTHONPATH", str(Path.cwd()))
    command = [sys.executable, "-c", START, "serve", str(tmp_path / "photos.index"), "--port", "0"]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A run in the background of a shell would ignore it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    line = process.stdout.readline()
    yield process, line.partition(" at ")[2].partition(" ")[0]
    process.kill()
    process.wait()


def test_an_index_is_served_by_the_command_that_makes_it(
    photos, model, tmp_path, classwise, monkeypatch
):
    asked = []
    serving = PhotoServer.serve_forever

    def serve_forever(server):
        thread = threading.Thread(target=serving, args=(server,))
        thread.start()
        asked.append(urllib.request.urlopen(server.url, timeout=20).read())
        server.shutdown()
        thread.join()

    monkeypatch.setattr(index_command, "PORT", 0)
    monkeypatch.setattr(PhotoServer, "serve_forever", serve_forever)
    path = tmp_path / "photos.index"
    status, out, _ = classwise("index", photos, "-o", path, "--model", model, "--serve")
    assert status == 0
    assert out.splitlines()[1].startswith(f"{path} at http://127.0.0.1:")
    assert b"<html" in asked[0]
    assert classwise("index", photos, "-o", path, "--serve", "--json")[0] == 2


def test_ctrl_c_ends_it(served):
    process, address = served
    assert address.startswith("http://127.0.0.1:"), process.communicate()[1]
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0
    assert process.communicate()[1] == "Stopped.\n"


def test_a_port_that_is_taken(photos, model, tmp_path, classwise):
    zoo.build_index(model, photos, tmp_path / "photos.index")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        status, out, err = classwise("serve", tmp_path / "photos.index", "--port", port)
    assert (status, out) == (2, "")
    assert f"port {port} cannot be listened on" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["gone.index"], "There is no index gone.index"),
        (["gone.index", "--port", "65536"], "an integer from 0 to 65,535"),
    ],
)
def test_what_is_wrong_is_one_sentence(classwise, arguments, sentence, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, out, err = classwise("serve", *arguments)
    assert (status, out) == (2, "")
    assert sentence in err
    assert err.count("\n") == 1


@pytest.mark.browser
def test_the_page_in_a_browser(served, photos):
    from playwright.sync_api import sync_playwright

    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
    flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=flags)
        page = browser.new_page(viewport={"width": 390, "height": 844})
        errors = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(served[1])
        page.wait_for_selector("#results button")
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        page.set_input_files("#file", photos / "loose.jpg")
        page.wait_for_selector("#asked:text-is('loose.jpg')")
        first = page.locator("#results button").first
        assert first.get_attribute("aria-label").startswith("loose.jpg, 0 of 12 bits differ")
        assert page.locator("#results button").count() == 24
        page.click("#more")
        page.wait_for_selector("#results li:nth-child(36)")
        assert not page.is_visible("#more")
        page.keyboard.press("Home")
        page.keyboard.press("ArrowRight")
        name = page.evaluate("document.activeElement.title")
        page.keyboard.press("Enter")
        page.wait_for_selector(f"#asked:text-is('{name}')")
        page.set_input_files("#file", photos / "notes.txt")
        page.wait_for_selector("#error:text-matches('it is not an image')")
        assert page.inner_text("#asked") == name
        assert not errors
        browser.close()
