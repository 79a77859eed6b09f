"""How `read_images` prepares images, as files and cards state it for machines."""

from __future__ import annotations


def image_preparation(image_shape: tuple[int, int, int]) -> dict[str, object]:
    """Returns, in JSON types, what is to be done with an image file before it enters a model.

    The steps stand in their order; docs/EXPORT.md has them as code. A key is a step:

    - `frame`: which one of an animation;
    - `orientation`: "exif", turned upright as EXIF says;
    - `gray16_divisor`: by which gray values of 16 bits are divided, and then rounded;
    - `background`: the color that transparent pixels are laid on, as red, green and blue;
    - `mode`: Pillow's, "RGB", or "L", gray after ITU-R 601;
    - `crop`: "center", cut around the center to the aspect ratio of width and height;
    - `resize`: the filter, antialiased, with which the cut is brought to `height` and `width`; an
      image of that size is left as it is;
    - `dtype`, `layout`: of the batch that enters; values are 0 to 255, scaled inside the model.

    Args:
        image_shape: height, width, channels (1 or 3).

    Example:

    >>> image_preparation((28, 28, 1))["mode"], image_preparation((96, 96, 3))["width"]
    ('L', 96)
    """
    height, width, channels = image_shape
    return {
        "frame": 0,
        "orientation": "exif",
        "gray16_divisor": 257,
        "background": [255, 255, 255],
        "mode": {1: "L", 3: "RGB"}.get(channels, f"{channels} channels"),
        "crop": "center",
        "resize": "bicubic",
        "height": height,
        "width": width,
        "dtype": "uint8",
        "layout": "NHWC",
    }
