import dataclasses

import numpy as np

from classwise.export.commands.measuring_images import protocol_calibration
from classwise.zoo.datasets.sample import load_sample


def test_training_images_calibrate(protocol_images):
    images = protocol_images((6, 5, 3))
    np.testing.assert_array_equal(protocol_calibration(images), images.training.images)


def test_images_that_only_judge_calibrate_nothing(protocol_images):
    learned = protocol_images((6, 5, 3))
    none = {"training": np.array([], int), "validation": np.array([], int)}
    images = dataclasses.replace(learned, positions=learned.positions | none)
    pixels = load_sample("clothing", (6, 5, 3)).images
    np.testing.assert_array_equal(protocol_calibration(images), pixels)
