"""A small gallery, stand-ins for what the network would give, and a browser."""

import functools
import http.server
import os
import shutil
import threading
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

import keras
import numpy as np
import pytest
from PIL import Image

from classwise import zoo
from classwise.export.bundles import write_bundle
from classwise.export.bundles.web_runtime import FILES, write_runtime
from classwise.zoo.datasets.sample import load_sample

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking")

# Exports need TensorFlow; the suite also runs on other backends.
collect_ignore_glob = [] if keras.backend.backend() == "tensorflow" else ["test_*.py"]


@pytest.fixture(scope="session")
def gallery() -> zoo.datasets.LabeledImages:
    return load_sample("fashion_mnist").select(np.arange(160))


@pytest.fixture(scope="session")
def gray_hasher(make_hasher, gallery) -> zoo.Hasher:
    """Takes the sample's images; its 44 bits leave four bits of padding.

    An untrained network gives nearly one code for all; moved to the middle of what it gives, every
    bit halves the gallery.
    """
    keras.utils.set_random_seed(0)
    hasher = make_hasher(code_length=44, backbone=zoo.resnet(8, (28, 28, 1), width=8))
    bias = hasher.hash_layer.bias
    bias.assign(bias - np.median(hasher.embed(gallery.images, verbose=0), axis=0))
    return hasher


@pytest.fixture(scope="session")
def no_runtime(tmp_path_factory) -> Path:
    """A folder with files of the right names; it spares tests without a browser the download."""
    folder = tmp_path_factory.mktemp("dist")
    for name in FILES:
        (folder / name).write_text(name)
    return folder


class IsolatingHandler(http.server.SimpleHTTPRequestHandler):
    """Serves files with the headers that isolate a page from other origins."""

    extensions_map: ClassVar = {
        **http.server.SimpleHTTPRequestHandler.extensions_map,
        ".wasm": "application/wasm",
        ".mjs": "text/javascript",
    }

    def end_headers(self):
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        super().end_headers()

    def log_message(self, *_):
        pass


class QuietServer(http.server.ThreadingHTTPServer):
    def handle_error(self, *_):
        """A browser that leaves breaks its connections."""


@pytest.fixture(scope="session")
def serve() -> Iterator[Callable[..., str]]:
    """Returns a function that serves a folder, or a handler, and returns the address."""
    servers = []

    def start(folder: Path | None = None, handler=IsolatingHandler) -> str:
        if folder is not None:
            handler = functools.partial(handler, directory=str(folder))
        server = QuietServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="session")
def runtime(tmp_path_factory) -> Path:
    """onnxruntime-web, as npm fetches it."""
    folder = tmp_path_factory.mktemp("npm") / "runtime"
    write_runtime(folder)
    return folder


@pytest.fixture(scope="session")
def codes(gray_hasher, gallery) -> np.ndarray:
    return gray_hasher.encode(gallery.images, verbose=0)


@pytest.fixture(scope="session")
def folder(gray_hasher, gallery, runtime, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("web") / "page"
    write_bundle("web", gray_hasher, path, name="tiny", gallery=gallery, web_runtime=runtime)
    return path


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


class Visit:
    """An open page, what it complained of, and what it fetched."""

    def __init__(self, browser, address: str, ready: bool = True, **options):
        self.complaints, self.fetched = [], []
        self.page = browser.new_page(**options)
        self.page.set_default_timeout(20_000)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("request", lambda request: self.fetched.append(request.url))
        self.page.goto(address)
        if ready:
            self.page.wait_for_selector("#results button")

    def give(self, path: Path) -> str:
        """Chooses a file; returns the code that the page then shows."""
        self.page.set_input_files("#file", path)
        self.page.wait_for_selector(f"#asked:text-is('{path.name}')")
        return self.page.inner_text("#hex")

    def ranking(self) -> tuple[list[int], list[int]]:
        """Returns gallery rows and distances of all results shown."""
        return tuple(
            self.page.evaluate(
                """() => { const all = [...document.querySelectorAll("#results button")];
                return [all.map((one) => Number(one.dataset.item)),
                        all.map((one) => Number(one.querySelector("b").textContent))]; }"""
            )
        )


@pytest.fixture
def open_page(browser) -> Iterator[Callable[..., Visit]]:
    """Returns a function that opens an address; arguments as of `Visit`."""
    visits = []

    def start(address: str, **options) -> Visit:
        visits.append(Visit(browser, address, **options))
        return visits[-1]

    yield start
    for visit in visits:
        visit.page.close()


@pytest.fixture
def visit(open_page, serve, folder) -> Iterator[Visit]:
    """The page of the small gallery; it must complain of nothing."""
    visit = open_page(serve(folder))
    yield visit
    assert visit.complaints == []


@pytest.fixture(scope="session")
def draw() -> Callable[..., Path]:
    """Returns a function that writes an image of noise, always the same under one name."""

    def write(path: Path, *shape: int, mode: str | None = None) -> Path:
        random = np.random.default_rng(zlib.crc32(path.name.encode()))
        image = Image.fromarray(random.integers(0, 256, shape, "uint8"))
        (image.convert(mode) if mode else image).save(path)
        return path

    return write
