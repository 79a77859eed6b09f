"""The server of an index, asked over a socket as a browser asks, and as nobody should."""

import http.client
import io
import json
import threading

import pytest
from PIL import Image

from classwise import zoo
from classwise.zoo.search import photo_requests
from classwise.zoo.search.photo_server import PhotoServer
from tests.zoo.search.conftest import write_photo


@pytest.fixture
def index(photos, model, tmp_path):
    (photos / "loose.jpg").unlink()
    return zoo.build_index(model, photos, tmp_path / "photos.index", labeled=True)


@pytest.fixture
def ask(index):
    """A function from a request to its status, headers and content."""
    with PhotoServer(index, port=0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()

        def send(method, path, body=None, **headers):
            connection = http.client.HTTPConnection(*server.server_address[:2], timeout=20)
            names = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, names)
            reply = connection.getresponse()
            content = reply.read()
            connection.close()
            kind = reply.headers["Content-Type"]
            found = json.loads(content) if kind == "application/json" else content
            return reply.status, reply.headers, found

        yield send
        server.shutdown()
        thread.join()


def test_the_page_asks_nobody_else(ask):
    status, headers, page = ask("GET", "/")
    assert status == 200
    assert b"serve.js" in page
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    for name in ("style.css", "serve.js", "walking.js"):
        status, headers, content = ask("GET", f"/page/{name}")
        assert status == 200
        assert b"http://" not in content
        assert b"https://" not in content


def test_what_the_index_is(ask, index):
    about = ask("GET", "/about")[2]
    assert about["count"] == 5
    assert about["code_length"] == 12
    assert about["class_names"] == ["2020", "2021"]


def test_photos_of_the_index(ask, index):
    found = ask("GET", "/items?count=3&seed=1")[2]
    assert found["total"] == 5
    assert len({each["item"] for each in found["items"]}) == 3
    for each in found["items"]:
        assert each["name"] == index.columns.name(each["item"])
    found = ask("GET", "/items?class=1")[2]
    assert [each["name"] for each in found["items"]] == ["2021/d.jpg", "2021/e.jpg"]


def test_what_lies_near_a_photo_of_the_index(ask, index):
    answer = ask("GET", "/near?item=1&k=3")[2]
    assert answer["query"]["name"] == "2020/rome/b.jpg"
    (expected,) = index.search_items([1], k=3)
    assert answer["hits"] == [vars(hit) for hit in expected]


def test_what_lies_near_an_upload(ask, index, tmp_path):
    photo = write_photo(tmp_path / "query.png", 77, (300, 200))
    answer = ask("POST", "/near?k=4", photo.read_bytes())[2]
    (expected,) = index.search(photo, k=4)
    assert answer["hits"] == [vars(hit) for hit in expected]
    assert answer["query"]["picture"].startswith("data:image/jpeg;base64,")


def test_thumbnails_are_made_when_asked_for(ask, index, photos):
    status, headers, content = ask("GET", "/thumbnails/0")
    assert (status, headers["Content-Type"]) == (200, "image/jpeg")
    assert Image.open(io.BytesIO(content)).size == (40, 30)
    (photos / "2021" / "d.jpg").unlink()
    status, _, found = ask("GET", "/thumbnails/3")
    assert status == 404
    assert "is gone" in found["error"]


REFUSED = [
    ("GET", "/gone", None, {}, 404),
    ("GET", "/page/../../../setup.cfg", None, {}, 404),
    ("GET", "/page/serve.html", None, {}, 404),
    ("GET", "/thumbnails/5", None, {}, 400),
    ("GET", "/thumbnails/-1", None, {}, 400),
    ("GET", "/thumbnails/..%2f..", None, {}, 400),
    ("GET", "/near", None, {}, 400),
    ("GET", "/near?item=0&k=0", None, {}, 400),
    ("GET", "/near?item=0&k=1001", None, {}, 400),
    ("GET", "/near?item=0&k=9999999999999999999999", None, {}, 400),
    ("GET", "/items?class=2", None, {}, 400),
    ("GET", "/items?seed=%C2%B2", None, {}, 400),
    ("GET", "/about", None, {"Host": "evil.example"}, 403),
    ("POST", "/about", b"x", {}, 404),
    ("POST", "/near", b"no image", {}, 400),
    ("POST", "/near", None, {"Content_Length": "999999999999"}, 413),
    ("POST", "/near", None, {"Content_Length": "x"}, 411),
]


@pytest.mark.parametrize(("method", "path", "body", "headers", "expected"), REFUSED)
def test_refusals(ask, method, path, body, headers, expected):
    status, _, found = ask(method, path, body, **headers)
    assert status == expected
    assert found["error"]
    assert ask("GET", "/about")[0] == 200  # it goes on


def test_uploads_have_limits(ask, monkeypatch, tmp_path):
    monkeypatch.setattr(photo_requests, "MOST_UPLOAD", 10)
    status, _, found = ask("POST", "/near", b"x" * 11)
    assert status == 413
    assert "11 bytes and 10 are allowed" in found["error"]


def test_pixels_have_limits(index, tmp_path):
    photo = write_photo(tmp_path / "query.png", 77, (300, 200)).read_bytes()
    with (
        PhotoServer(index, port=0, max_pixels=59_999) as server,
        pytest.raises(zoo.InputError, match="60,000 pixels and 59,999 are allowed"),
    ):
        server.near_upload(photo, 3)


def test_other_machines_do_not_reach_it(index):
    with PhotoServer(index, port=0) as server:
        assert server.is_local
        assert server.url.startswith("http://127.0.0.1:")
