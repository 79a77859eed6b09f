"""Data sets: labelled images, read from TensorFlow Datasets or from folders, and protocols."""

from classwise.zoo.datasets.check_images import check_images
from classwise.zoo.datasets.image_folder import FolderImages, load_folder, plain_input_errors
from classwise.zoo.datasets.labelled_images import LabelledImages
from classwise.zoo.datasets.protocols import (
    Protocol,
    ProtocolImages,
    get_protocol,
    list_protocols,
)
from classwise.zoo.datasets.read_images import read_images
from classwise.zoo.datasets.record_ids import record_ids
from classwise.zoo.datasets.tfds_images import TFDS_IMAGE_SETS, load_split, stream_split

__all__ = [
    "TFDS_IMAGE_SETS",
    "FolderImages",
    "LabelledImages",
    "Protocol",
    "ProtocolImages",
    "check_images",
    "get_protocol",
    "list_protocols",
    "load_folder",
    "load_split",
    "plain_input_errors",
    "read_images",
    "record_ids",
    "stream_split",
]
