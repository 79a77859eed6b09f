import logging
import os

import pytest

from classwise.zoo.foundation.quiet import quiet

ROUTINE = b"I0000 00:00:1795495664.240452    4352 devices.cc:67] Number of eligible GPUs\n"
ERROR = b"E0000 00:00:1795495664.240452    4352 devices.cc:67] Out of memory\n"


def test_routine_lines_are_hidden_and_others_shown(capfd):
    with quiet():
        os.write(2, ROUTINE + ERROR + b"something else\n")
    assert capfd.readouterr().err == ERROR.decode() + "something else\n"


def test_lines_before_an_exception_are_shown(capfd):
    def fail():
        os.write(2, ROUTINE + ERROR)
        raise KeyError

    with pytest.raises(KeyError), quiet():
        fail()
    assert capfd.readouterr().err == ERROR.decode()


def test_logger_levels_come_back():
    logger = logging.getLogger("tensorflow")
    before = logger.level
    with quiet():
        assert not logger.isEnabledFor(logging.WARNING)
    assert logger.level == before


def test_process_without_a_standard_error():
    saved = os.dup(2)
    os.close(2)
    try:
        with quiet():
            ran = True
    finally:
        os.dup2(saved, 2)
        os.close(saved)
    assert ran
