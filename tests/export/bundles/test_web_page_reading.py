"""What the page reads, and the codes that come out, against Python's."""

import base64
from pathlib import Path

import numpy as np
import PIL
import pytest
from PIL import Image

from classwise import zoo

pytestmark = pytest.mark.browser


def test_codes_of_the_gallery_are_pythons_byte_for_byte(visit, gallery, codes):
    found = visit.page.evaluate(
        """async (count) => {
          const { imageFile, loadBundle } = await import("/gallery.js");
          const { loadHasher } = await import("/hasher.js");
          const { readPixels } = await import("/reading.js");
          const shape = (await loadBundle()).image_shape;
          const hash = await loadHasher("model.onnx", shape);
          const found = [];
          for (let item = 0; item < count; item++) {
            const pixels = await readPixels(await imageFile(item), "", shape);
            found.push([Array.from(pixels), Array.from(await hash(pixels))]);
          }
          return found;
        }""",
        len(gallery),
    )
    pixels, browser_codes = zip(*found, strict=True)
    assert len(found) >= 100
    np.testing.assert_array_equal(np.uint8(pixels), gallery.images.reshape(len(gallery), -1))
    np.testing.assert_array_equal(np.uint8(browser_codes), codes)
    assert len(np.unique(codes, axis=0)) > 100  # a constant code would prove nothing


def test_files_get_pythons_codes(visit, draw, gray_hasher, tmp_path):
    files = [
        draw(tmp_path / "large.png", 300, 401, 3),
        draw(tmp_path / "tiny.png", 3, 5, 3),
        draw(tmp_path / "same-size.png", 28, 28),
        draw(tmp_path / "palette.png", 30, 30, 3, mode="P"),
        draw(tmp_path / "bitmap.bmp", 50, 60, 3),
    ]
    for file in files:
        code = gray_hasher.encode(zoo.read_images(file, (28, 28, 1)), verbose=0)
        assert visit.give(file) == code.tobytes().hex(), file.name
        assert visit.page.inner_text("#same") == ""


@pytest.mark.parametrize("shape", [(28, 28, 1), (10, 8, 3), (96, 64, 3)])
def test_pixels_of_files_are_pythons(visit, draw, tmp_path, shape):
    turned = Image.Exif()
    turned[0x0112] = 6  # a quarter turn
    Image.open(draw(tmp_path / "a.png", 60, 90, 3)).save(tmp_path / "turned.png", exif=turned)
    draw(tmp_path / "wide.png", 31, 120, 3)
    draw(tmp_path / "tall.png", 97, 61, 3)
    draw(tmp_path / "portrait.png", 120, 90, 3)
    draw(tmp_path / "gray.png", 75, 40)
    draw(tmp_path / "see-through.png", 40, 50, 4)
    Image.open(tmp_path / "wide.png").save(tmp_path / "wide.jpg", quality=90)
    # A few gray levels may separate two decoders of JPEG, and two ways to blend.
    allowed = {"see-through.png": 1, "wide.jpg": 3}
    if int(PIL.__version__.split(".")[0]) < 13:  # resizes tall images in another order
        (tmp_path / "tall.png").unlink()
    for file in sorted(tmp_path.iterdir()):
        found = visit.page.evaluate(
            """async ([text, name, shape]) => {
              const { readPixels } = await import("/reading.js");
              const bytes = Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
              return Array.from(await readPixels(new Blob([bytes]), name, shape));
            }""",
            [base64.b64encode(file.read_bytes()).decode(), file.name, shape],
        )
        expected = zoo.read_images(file, shape)[0].ravel()
        difference = np.abs(expected.astype(int) - found)
        assert difference.max() <= allowed.get(file.name, 0), file.name


def bad_files(folder: Path, draw) -> list[Path]:
    contents = {"notes.txt": b"no image", "empty.png": b"", "photo.heic": b"\0\0\0\x18ftypheic"}
    whole = draw(folder / "whole.png", 90, 90, 3).read_bytes()
    contents["cut.png"] = whole[: len(whole) // 2]
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    Image.open(folder / "whole.png").save(folder / "scan.tiff")
    return [*(folder / name for name in contents), folder / "scan.tiff"]


def test_unreadable_files_are_named_and_the_last_result_stays(visit, draw, tmp_path):
    before = visit.page.inner_text("#hex"), visit.ranking()
    for file in bad_files(tmp_path, draw):
        visit.page.set_input_files("#file", file)
        error = visit.page.locator(f"#error:has-text('“{file.name}”')")
        error.wait_for()
        assert "can't be read" in error.inner_text() or "is empty" in error.inner_text()
        assert error.get_attribute("role") == "alert"
    assert (visit.page.inner_text("#hex"), visit.ranking()) == before
    visit.give(tmp_path / "whole.png")
    assert not visit.page.is_visible("#error")


def test_huge_image_is_refused(visit, tmp_path):
    Image.new("1", (9000, 8000)).save(tmp_path / "huge.png")
    visit.page.set_input_files("#file", tmp_path / "huge.png")
    visit.page.wait_for_selector("#error:has-text('up to 64 megapixels')")
