"""The end of a process in the middle of a pipeline that calls Python functions."""

import subprocess
import sys
import threading
import time

import pytest

from classwise.zoo.datasets.python_calls import PythonCalls

# The iterator outlives the interpreter's shutdown: the module's own cycle holds it.
SCRIPT = """
import time
import tensorflow as tf
from classwise.zoo.datasets.python_calls import numpy_function

def slow(index):
    time.sleep(0.05)
    return index

numbers = tf.data.Dataset.range(10_000).map(
    lambda index: numpy_function(slow, [index], tf.int64), num_parallel_calls=4
)
held = [iter(numbers.prefetch(64))]
held.append(held)
print(int(next(held[0])))
"""


def test_a_process_ends_while_its_threads_call_python():
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stdout) == (0, "0\n"), done.stderr


def test_end_waits_for_a_running_call_and_refuses_the_next():
    calls = PythonCalls()
    running, ended = threading.Event(), []

    def slow():
        running.set()
        time.sleep(0.3)
        ended.append(True)

    call = calls.counted(slow)
    thread = threading.Thread(target=call)
    thread.start()
    running.wait()
    calls.end()
    assert ended == [True]
    with pytest.raises(RuntimeError, match="The process is ending"):
        call()
    assert ended == [True]
    thread.join()
