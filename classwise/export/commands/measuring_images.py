"""The images that an export of lower precision is calibrated on and measured with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.printing import print_note

if TYPE_CHECKING:
    import argparse

    import numpy as np

    from classwise.zoo import Hasher
    from classwise.zoo.datasets.labeled_images import LabeledImages
    from classwise.zoo.datasets.protocol import ProtocolImages

CALIBRATION_IMAGES = 512


def measuring_images(
    hasher: Hasher, options: argparse.Namespace, own_protocol: str | None
) -> dict[str, object]:
    """Returns the images that lower precision is calibrated on and measured with.

    Args:
        hasher: it tells their size.
        options: of the command.
        own_protocol: the preset's, if it is one.
    """
    from classwise.zoo.datasets.image_sources import open_images
    from classwise.zoo.datasets.protocols import get_protocol

    evaluation = calibration = None
    protocol = options.protocol or own_protocol
    if protocol:
        print_note(f"Measuring mAP of fp32 and {options.precision} under {protocol} ...")
        evaluation = get_protocol(protocol).load(options.data_dir).resized(hasher.image_shape)
        calibration = protocol_calibration(evaluation)
    elif options.max_map_loss is not None:
        raise InputError(
            f"--max-map-loss needs a protocol to measure mAP under, and {options.model} names "
            "none; give --protocol."
        )
    else:
        print_note(f"mAP is not measured: {options.model} names no protocol; give --protocol.")
    if options.calibration:
        source = open_images(options.calibration, data_dir=options.data_dir)
        calibration = calibration_pixels(source.load(hasher.image_shape))
    return {"evaluation": evaluation, "calibration": calibration}


def protocol_calibration(images: ProtocolImages) -> np.ndarray:
    """Returns training images of a protocol, or, where none are learned from, bundled photographs.

    The images that judge calibrate nothing.
    """
    if len(images.training):
        return calibration_pixels(images.training)
    from classwise.zoo.datasets.sample import load_sample

    return calibration_pixels(load_sample("clothing", images.images.image_shape))


def calibration_pixels(images: LabeledImages) -> np.ndarray:
    """Returns some of the images, spread evenly, uint8 `[n, H, W, C]`."""
    from classwise.zoo.datasets.image_sources import evenly_chosen

    return evenly_chosen(images, CALIBRATION_IMAGES).images[:]
