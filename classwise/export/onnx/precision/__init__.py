"""ONNX files of lower precision: float16 and int8."""
