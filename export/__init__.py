"""Exports: one graph from uint8 images to packed codes, in the format of every runtime, proven."""

from classwise.export.onnx_file import to_onnx
from classwise.export.parity import Parity, ParityError
from classwise.export.report import ExportReport
from classwise.export.saved_model import to_saved_model
from classwise.export.verification import verify

__all__ = ["ExportReport", "Parity", "ParityError", "to_onnx", "to_saved_model", "verify"]
