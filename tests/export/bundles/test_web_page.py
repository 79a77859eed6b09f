"""Drives the page in headless Chromium, over a static server on this machine."""

import base64
import http.server
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from classwise import zoo
from classwise.export.bundles import write_bundle
from classwise.zoo.retrieval.neighbors import nearest_neighbors

pytestmark = pytest.mark.browser


def test_ranking_is_that_of_nearest_neighbors(visit, codes):
    for item in (0, 57):
        button = visit.page.locator(f"#results button[data-item='{item}']")
        while not button.count():
            visit.page.click("#more")
        button.click()
        visit.page.wait_for_selector(f"#asked:has-text('test_{item:05}')")
        visit.page.click("#more")
        rows, distances = visit.ranking()
        expected = nearest_neighbors(codes[[item]], codes, len(rows))
        assert (rows, distances) == (expected[0][0].tolist(), expected[1][0].tolist())
        assert len(rows) >= 32
        assert visit.page.inner_text("#same") == "✓ The same code as Python's."
        assert visit.page.inner_text("#hex") == codes[item].tobytes().hex()


def test_show_more_ends_with_the_whole_gallery(visit, codes):
    while visit.page.is_visible("#more"):
        visit.page.click("#more")
    rows, distances = visit.ranking()
    expected = nearest_neighbors(codes[[0]], codes, len(codes))
    assert (rows, distances) == (expected[0][0].tolist(), expected[1][0].tolist())


def test_thumbnails_ask_and_follow_the_class(visit, gallery):
    label = gallery.class_names.index("Bag")
    visit.page.select_option("#class", label="Bag")
    chosen = visit.page.locator("#thumbnails button")
    rows = [int(chosen.nth(k).get_attribute("data-item")) for k in range(chosen.count())]
    assert set(gallery.labels[rows]) == {label}
    chosen.nth(1).click()
    visit.page.wait_for_selector(f"#asked:text-is('Bag ({gallery.ids[rows[1]]})')")
    assert not visit.page.is_visible("#shuffle")  # all of them are there


def test_other_images_are_others(visit):
    def shown() -> list[str]:
        all_rows = "all => all.map((one) => one.dataset.item)"
        return visit.page.locator("#thumbnails button").evaluate_all(all_rows)

    before = shown()
    visit.page.click("#shuffle")
    assert len(set(shown())) == len(before)
    assert set(shown()) != set(before)


def test_the_documented_page_of_ones_own(open_page, serve, folder, gray_hasher, tmp_path):
    document = (Path(__file__).parents[3] / "docs" / "SERVING.md").read_text(encoding="utf-8")
    (page,) = re.findall(r"```html\n(.*?)```", document, re.DOTALL)
    page = page.replace("128 * 128 * 3", "28 * 28").replace("128, 128, 3", "28, 28, 1")
    site = tmp_path / "site"
    shutil.copytree(folder, site)
    (site / "own.html").write_text(page)
    visit = open_page(serve(site) + "own.html", ready=False)
    visit.page.wait_for_selector("#code:not(:empty)")
    expected = gray_hasher.encode(np.full((1, 28, 28, 1), 200, np.uint8), verbose=0)[0]
    assert visit.page.inner_text("#code").split() == [str(byte) for byte in expected]
    assert visit.complaints == []


def test_drop_and_paste(visit, draw, gray_hasher, tmp_path):
    file = draw(tmp_path / "a.png", 28, 28)
    code = gray_hasher.encode(zoo.read_images(file, (28, 28, 1)), verbose=0).tobytes().hex()
    for kind, field in (("drop", "dataTransfer"), ("paste", "clipboardData")):
        name = f"{kind}.png"
        send = """([text, name, kind, field]) => {
          const transfer = new DataTransfer();
          const bytes = Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
          if (name) transfer.items.add(new File([bytes], name));
          const event = new Event(kind, { bubbles: true, cancelable: true });
          Object.defineProperty(event, field, { value: transfer });
          document.body.dispatchEvent(event);
        }"""
        text = base64.b64encode(file.read_bytes()).decode()
        visit.page.evaluate(send, [text, name, kind, field])
        visit.page.wait_for_selector(f"#asked:text-is('{name}')")
        assert visit.page.inner_text("#hex") == code
        visit.page.evaluate(send, ["", "", kind, field])
        visit.page.wait_for_selector("#error:text-matches('is no file|holds no image')")


def test_keyboard_alone_is_enough(visit):
    page = visit.page

    def focused(script: str):
        return page.evaluate(f"document.activeElement.{script}")

    # Subscribed early: Chromium hands choosers over only once it has heard of the wish.
    page.on("filechooser", lambda chooser: None)
    page.keyboard.press("Tab")
    assert focused("id") == "choose"
    with page.expect_file_chooser():
        page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    rows, distances = visit.ranking()
    assert focused("dataset.item") == str(rows[0])
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    assert focused("dataset.item") == str(rows[1])
    assert f"{distances[1]} of 44 bits differ" in focused("getAttribute('aria-label')")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("End")
    assert focused("dataset.item") == str(rows[-1])
    page.keyboard.press("Enter")
    page.wait_for_selector(f"#asked:has-text('test_{rows[-1]:05}')")
    page.wait_for_function("document.activeElement.matches('#results li:first-child button')")
    # Each list of images is one stop: results, more, class, other images, thumbnails.
    stops = []
    for _ in range(4):
        page.keyboard.press("Tab")
        stops.append(focused("id") or focused("closest('ul').id"))
    assert stops == ["more", "class", "shuffle", "thumbnails"]
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    shown = len(visit.ranking()[0])
    assert shown > len(rows)
    assert focused("dataset.item") == str(visit.ranking()[0][len(rows)])


def test_result_in_focus_rings_the_bits_that_differ(visit, codes):
    while visit.page.is_visible("#more"):
        visit.page.click("#more")
    rows, distances = visit.ranking()
    last = visit.page.locator("#results button").last
    last.focus()
    ringed = visit.page.evaluate(
        "[...document.querySelectorAll('#bits i')].map((one) => one.matches('.differs'))"
    )
    expected = np.unpackbits(codes[0] ^ codes[rows[-1]])[:44].astype(bool)
    assert ringed == expected.tolist()
    assert sum(ringed) == distances[-1] > 0


def test_nothing_is_asked_of_another_host(visit, folder):
    address = visit.page.url
    visit.page.click("#shuffle")
    visit.page.wait_for_load_state("networkidle")
    assert all(url.startswith((address, "data:", "blob:")) for url in visit.fetched)
    assert any(url.endswith(".wasm") for url in visit.fetched)


@pytest.mark.parametrize("width", [320, 400, 800, 1280])
def test_no_width_needs_sideways_scrolling(open_page, serve, folder, width):
    visit = open_page(serve(folder), viewport={"width": width, "height": 800})
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= width


class PlainHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def test_pythons_own_server_is_enough(open_page, serve, folder):
    """As documented: no special headers."""
    visit = open_page(serve(folder, PlainHandler))
    assert visit.page.evaluate("crossOriginIsolated") is False
    assert visit.page.inner_text("#same") == "✓ The same code as Python's."


def test_missing_file_is_told(open_page, serve, folder, tmp_path):
    shutil.copytree(folder, tmp_path / "page")
    (tmp_path / "page" / "model.onnx").unlink()
    visit = open_page(serve(tmp_path / "page"), ready=False)
    visit.page.wait_for_selector("#error:has-text('The page cannot start')")
    assert not visit.page.is_visible("#app")


def test_opened_as_a_file_it_says_how_to_serve_it(open_page, folder):
    visit = open_page((folder / "index.html").as_uri(), ready=False)
    visit.page.wait_for_selector("#waiting .late")
    assert "python -m http.server" in visit.page.inner_text("#waiting")


def test_unlabeled_color_gallery(open_page, serve, draw, hasher, runtime, tmp_path):
    (tmp_path / "images").mkdir()
    for k in range(5):
        draw(tmp_path / "images" / f"{k}.png", 40, 30, 3)
    gallery = tmp_path / "images"
    write_bundle("web", hasher, tmp_path / "page", gallery=gallery, web_runtime=runtime)
    visit = open_page(serve(tmp_path / "page"))
    visit.page.locator("#thumbnails button").nth(3).click()
    visit.page.wait_for_selector("#asked:text-is('3.png')")
    images = zoo.read_images(sorted(gallery.iterdir()), hasher.image_shape)
    codes = hasher.encode(images, verbose=0)
    assert visit.page.inner_text("#hex") == codes[3].tobytes().hex()
    assert visit.ranking()[0] == nearest_neighbors(codes[[3]], codes, 5)[0][0].tolist()
    assert not visit.page.is_visible("#filter")
    assert not visit.page.is_visible("#more")
