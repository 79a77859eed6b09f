"""Operator sets of ONNX that hashers are exported to."""

from classwise.zoo.foundation.number_ranges import WholeNumbers

# A file of its own, as the command line names them before anything heavy is imported.
OPSETS = WholeNumbers(15, 23)
