"""Reading image files: orientation, transparency, depth, cropping, resizing, and refusals."""

import numpy as np
import pytest
from PIL import Image

from classwise.zoo.datasets import read_images
from classwise.zoo.foundation.errors import InputError

RED, BLUE = (255, 0, 0), (0, 0, 255)


@pytest.fixture
def noise():
    return np.random.default_rng(0).integers(0, 256, [12, 10, 3], dtype=np.uint8)


def saved(folder, pixels, name="image.png", **options):
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    image.save(folder / name, **options)
    return folder / name


def test_files_of_the_right_size_keep_every_pixel(tmp_path, noise):
    color = saved(tmp_path, noise, "color.png")
    gray = saved(tmp_path, noise[..., 0], "gray.bmp")
    np.testing.assert_array_equal(read_images([color], (12, 10, 3)), noise[None])
    np.testing.assert_array_equal(read_images([gray], (12, 10, 1)), noise[None, ..., :1])


def test_files_come_in_the_order_given_and_one_alone_is_a_list(tmp_path, noise):
    paths = [saved(tmp_path, noise * 0 + value, f"{value}.png") for value in (9, 5, 7)]
    assert read_images(paths, (4, 4, 3))[:, 0, 0, 0].tolist() == [9, 5, 7]
    assert read_images(iter(paths), (4, 4, 3)).shape == (3, 4, 4, 3)
    assert read_images(str(paths[0]), (4, 4, 3)).shape == (1, 4, 4, 3)
    assert read_images([], (4, 4, 3)).shape == (0, 4, 4, 3)


def test_gray_and_color_are_converted(tmp_path, noise):
    color, gray = saved(tmp_path, noise, "color.png"), saved(tmp_path, noise[..., 0], "gray.png")
    luma = noise @ np.array([0.299, 0.587, 0.114])
    np.testing.assert_allclose(read_images([color], (12, 10, 1))[0, ..., 0], luma, atol=1)
    np.testing.assert_array_equal(
        read_images([gray], (12, 10, 3))[0], noise[..., :1].repeat(3, axis=-1)
    )


def test_black_and_white_and_palette_and_cmyk(tmp_path):
    stripes = np.array([[0, 255], [255, 0]], np.uint8)
    bits = saved(tmp_path, Image.fromarray(stripes).convert("1"), "bits.png")
    palette = saved(tmp_path, Image.fromarray(stripes).convert("P"), "palette.gif")
    cmyk = saved(tmp_path, Image.new("CMYK", (2, 2), (0, 255, 255, 0)), "ink.tiff")
    assert read_images([bits, palette], (2, 2, 1))[..., 0].tolist() == [stripes.tolist()] * 2
    assert read_images([cmyk], (1, 1, 3)).tolist() == [[[[255, 0, 0]]]]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_is_turned_upright(tmp_path, noise, orientation):
    # how the upright pixels lie in a file that carries each EXIF orientation
    stored = {
        1: noise,
        2: noise[:, ::-1],
        3: noise[::-1, ::-1],
        4: noise[::-1],
        5: noise.swapaxes(0, 1),
        6: np.rot90(noise),
        7: np.rot90(noise, 2).swapaxes(0, 1),
        8: np.rot90(noise, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = saved(tmp_path, np.ascontiguousarray(stored), exif=exif)
    np.testing.assert_array_equal(read_images([path], (12, 10, 3))[0], noise)


@pytest.mark.parametrize("channels", [1, 3])
def test_transparency_is_laid_on_white(tmp_path, channels):
    alpha = np.array([[0, 128, 255]], np.uint8)
    black = np.zeros_like(alpha)
    rgba = saved(tmp_path, np.stack([black, black, black, alpha], axis=-1), "rgba.png")
    gray = saved(tmp_path, Image.fromarray(np.stack([black, alpha], axis=-1), "LA"), "la.png")
    for path in (rgba, gray):
        np.testing.assert_array_equal(
            read_images([path], (1, 3, channels))[0, 0, :, 0], [255, 127, 0]
        )


def test_a_transparent_palette_entry_is_white(tmp_path):
    image = Image.new("P", (2, 1))
    image.putpalette([*RED, *BLUE])
    image.putpixel((1, 0), 1)
    path = saved(tmp_path, image, transparency=0)
    assert read_images([path], (1, 2, 3))[0, 0].tolist() == [[255, 255, 255], list(BLUE)]


def test_sixteen_bits_keep_their_range(tmp_path):
    pixels = np.array([[0, 257, 32896, 65535]], np.uint16)
    for name in ("deep.png", "deep.tiff"):
        path = saved(tmp_path, pixels, name)
        assert read_images([path], (1, 4, 1))[0, 0, :, 0].tolist() == [0, 1, 128, 255]


@pytest.mark.parametrize(
    "pixels", [np.zeros([2, 2], np.float32), np.full([2, 2], 70_000, np.int32)]
)
def test_pixels_of_unknown_range_are_refused(tmp_path, pixels):
    path = saved(tmp_path, pixels, "odd.tiff")
    with pytest.raises(InputError, match=r"odd\.tiff.*pixels"):
        read_images([path], (2, 2, 1))


@pytest.mark.parametrize("landscape", [True, False])
def test_the_center_is_kept(tmp_path, landscape):
    """A red square between blue bars, which a square target must cut off."""
    pixels = np.full([40, 120, 3], BLUE, np.uint8)
    pixels[:, 40:80] = RED
    path = saved(tmp_path, pixels if landscape else pixels.swapaxes(0, 1))
    image = read_images([path], (10, 10, 3))[0]
    assert (image[1:-1, 1:-1] == RED).all()
    # the cubic kernel of the outermost pixels reaches a little over the cut
    assert np.abs(image.astype(int) - RED).max() < 25


def test_the_whole_height_and_width_are_kept_where_the_aspect_ratio_fits(tmp_path):
    ramp = np.linspace(0, 255, 60).astype(np.uint8)
    path = saved(tmp_path, np.broadcast_to(ramp, [30, 60]).copy())
    image = read_images([path], (5, 10, 1))[0, ..., 0]
    np.testing.assert_allclose(
        image.astype(int), np.tile(ramp.reshape(10, 6).mean(1), [5, 1]), atol=3
    )


def test_shrinking_is_antialiased(tmp_path):
    """A fine chessboard becomes even gray; without antialiasing it would become noise."""
    board = (np.indices([64, 64]).sum(0) % 2 * 255).astype(np.uint8)
    image = read_images([saved(tmp_path, board)], (8, 8, 1))
    assert np.abs(image.astype(int) - 127.5).max() < 3


def test_growing_keeps_constant_images_constant(tmp_path):
    path = saved(tmp_path, np.full([3, 5, 3], 77, np.uint8))
    assert (read_images([path], (32, 48, 3)) == 77).all()


def test_an_unreadable_file_is_named(tmp_path, noise):
    text = tmp_path / "notes.txt"
    text.write_text("not an image")
    whole = saved(tmp_path, noise.repeat(20, axis=0), "whole.jpg").read_bytes()
    (tmp_path / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty.png").touch()
    for name, reason in {
        "notes.txt": "not an image",
        "cut.jpg": "truncated",
        "empty.png": "not an image",
        "missing.png": "No such file",
        ".": "Is a directory",
    }.items():
        with pytest.raises(InputError) as raised:
            read_images([tmp_path / name], (8, 8, 3))
        assert str(tmp_path / name) in str(raised.value)
        assert reason in str(raised.value)


@pytest.mark.parametrize("kept", [10, 40, 60, 100, 300])
def test_a_png_cut_anywhere_is_refused(tmp_path, noise, kept):
    path = saved(tmp_path, noise)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(InputError, match=r"image\.png"):
        read_images([path], (12, 10, 3))


def test_an_image_too_large_to_be_true_is_refused(tmp_path, noise, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    with pytest.raises(InputError, match="120 pixels and 20 are allowed"):
        read_images([saved(tmp_path, noise)], (12, 10, 3))


@pytest.mark.parametrize(
    "image_shape", [(8, 8), (8, 8, 2), (0, 8, 3), (8, -1, 3), (8.0, 8, 3), 8, None, "883"]
)
def test_a_wrong_image_shape_is_refused(image_shape):
    with pytest.raises(InputError, match="image_shape"):
        read_images([], image_shape)
