"""Data sets: labeled images, from folders or of the catalogue, and protocols."""

from classwise.zoo.datasets.catalogue import DATA_SETS, get_data_set
from classwise.zoo.datasets.check_images import check_images
from classwise.zoo.datasets.data_set import DataSet
from classwise.zoo.datasets.image_folder import FolderImages, load_folder, plain_input_errors
from classwise.zoo.datasets.labeled_images import LabeledImages
from classwise.zoo.datasets.protocols import (
    Protocol,
    ProtocolImages,
    get_protocol,
    list_protocols,
)
from classwise.zoo.datasets.read_images import read_images
from classwise.zoo.datasets.record_ids import record_ids
from classwise.zoo.datasets.splits import load_split, stream_split

__all__ = [
    "DATA_SETS",
    "DataSet",
    "FolderImages",
    "LabeledImages",
    "Protocol",
    "ProtocolImages",
    "check_images",
    "get_data_set",
    "get_protocol",
    "list_protocols",
    "load_folder",
    "load_split",
    "plain_input_errors",
    "read_images",
    "record_ids",
    "stream_split",
]
