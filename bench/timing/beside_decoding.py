"""Speed of what decodes photos and encodes them, beside each of the two alone."""

import statistics
from collections.abc import Callable
from pathlib import Path

import numpy as np

from bench.timing.turns import alternating, median_ratio
from classwise.zoo.datasets.image_sources import open_images
from classwise.zoo.encoding.encoders import open_encoder
from classwise.zoo.encoding.onnx_session import open_session


def beside_decoding(
    name: str, whole: Callable[[], None], model: Path, photos: Path, batch: int, rounds: int
) -> dict:
    """Returns speeds in images/s, and the ratios of one round, in the median.

    Args:
        name: of what is measured.
        whole: decodes and encodes all photos.
        model: the ONNX file that it encodes with.
        photos: the folder.
        batch: images that are decoded, and given to the session, at a time.
        rounds: in which the three come one after the other.
    """
    session = open_session(model)
    source = open_images(photos)
    stream = source.stream(open_encoder(model).image_shape, batch)
    pixels = np.concatenate([each.images for each in stream.batches(0)])

    def bare():
        for start in range(0, len(pixels), batch):
            session.run(["code"], {"images": pixels[start : start + batch]})

    def decode():
        for _ in stream.batches(0):
            pass

    seconds = alternating({"bare session": bare, "decoding": decode, name: whole}, rounds)
    slower = max(("bare session", "decoding"), key=lambda part: statistics.median(seconds[part]))
    together = [a + b for a, b in zip(seconds["bare session"], seconds["decoding"], strict=True)]
    return {
        "photos": source.count,
        "images/s": {part: len(pixels) / statistics.median(s) for part, s in seconds.items()},
        "slower of both": slower,
        f"{name} / slower of both": median_ratio(seconds, slower, name),
        f"{name} / both in turn": median_ratio({**seconds, "both": together}, "both", name),
    }
