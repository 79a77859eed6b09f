"""Made images for the comparison of an export with Keras."""

import numpy as np


def probe_images(image_shape: tuple[int, int, int], count: int = 24) -> np.ndarray:
    """Computes images, the same on every call: black, white, then waves under noise.

    Natural images are smooth with fine detail; waves of random direction, wavelength and
    brightness under noise excite a network in a similar way, where pure noise averages out.

    Args:
        image_shape: (height, width, channels).
        count: number of images. Defaults to 24.

    Returns:
        uint8 `[count, height, width, channels]`.

    Example:

    >>> images = probe_images((28, 28, 1))
    >>> images.shape, images[0].max(), images[1].min()
    ((24, 28, 28, 1), np.uint8(0), np.uint8(255))
    """
    height, width, channels = image_shape
    random = np.random.default_rng(0)
    y, x = np.linspace(0, 1, height)[:, None, None], np.linspace(0, 1, width)[:, None]
    waves = random.uniform(-4, 4, (2, count, 1, 1, channels))
    phase, brightness, contrast = random.uniform(0, 1, (3, count, 1, 1, channels))
    angle = 2 * np.pi * (waves[0] * y + waves[1] * x + phase)
    noise = random.normal(0, 8, (count, height, width, channels))
    images = 64 + 128 * brightness + 100 * contrast * np.cos(angle) + noise
    images[0], images[1:2] = 0, 255
    return np.clip(images, 0, 255).astype(np.uint8)
