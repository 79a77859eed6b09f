"""Holds back the routine log lines of TensorFlow, LiteRT, tf2onnx and Ray, and nothing else."""

import contextlib
import logging
import os
import re
import sys
import tempfile
from collections.abc import Iterator

# absl's prefix, such as "I0000 00:00:1234.5678  99 devices.cc:67]", for information and warnings;
# LiteRT's is "INFO: ", Ray's "[2030-01-31 12:34:56,789 I 123 123] logging.cc:303:"; the error is
# what a machine without a GPU logs where CUDA is installed.
ROUTINE = re.compile(
    rb"^([IW]\d{4} [\d:. ]+\S+:\d+\]|WARNING: All log messages before absl|INFO: "
    rb"|E\d{4} [\d:. ]+cuda_platform.cc:\d+\] failed call to cuInit"
    rb"|\[[\d:, -]+ [IW] \d+ \d+\] \S+:\d+:)"
)

# tf2onnx logs its errors and goes on; `check_operators` and onnx.checker raise them.
LEVELS = {"tf2onnx": logging.CRITICAL, "tensorflow": logging.ERROR, "absl": logging.ERROR}


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Hides what TensorFlow and tf2onnx log below the level of an error.

    TensorFlow's C++ code writes to file descriptor 2, whatever Python's loggers are set to.
    So that is collected while the block runs, and all of it that is not routine is then written
    out, whether the block succeeds or raises.
    """
    loggers = [logging.getLogger(name) for name in LEVELS]
    levels = [logger.level for logger in loggers]
    collected: list[bytes] = []
    try:
        for logger in loggers:
            logger.setLevel(LEVELS[logger.name])
        with collected_stderr() as collected:
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
        for line in collected:
            if not ROUTINE.match(line):
                os.write(2, line)


@contextlib.contextmanager
def quiet_import() -> Iterator[None]:
    """Hides what TensorFlow's C++ code logs while it is imported, and later on but for errors.

    Its warnings repeat, with a traceback, what is raised in Python. TF_CPP_MIN_LOG_LEVEL, where it
    is set, decides instead.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with quiet():
        yield


def start_tensorflow() -> None:
    """Imports TensorFlow and lets it look for devices, without the lines that it logs meanwhile."""
    with quiet():
        import tensorflow as tf

        tf.zeros(())


@contextlib.contextmanager
def collected_stderr() -> Iterator[list[bytes]]:
    """Yields a list that holds, after the block, the lines written to file descriptor 2."""
    lines: list[bytes] = []
    try:
        original = os.dup(2)
    except OSError:  # the process was started without a standard error
        yield lines
        return
    with tempfile.TemporaryFile() as file:
        flush_stderr()
        os.dup2(file.fileno(), 2)
        try:
            yield lines
        finally:
            flush_stderr()
            os.dup2(original, 2)
            os.close(original)
            file.seek(0)
            lines.extend(file)


def flush_stderr() -> None:
    if sys.stderr is not None:
        sys.stderr.flush()
