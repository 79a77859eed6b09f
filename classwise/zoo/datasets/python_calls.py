"""Python functions inside `tf.data` pipelines, of which a process may end in the middle."""

from __future__ import annotations

import atexit
import functools
import gc
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tensorflow as tf

QUIET_SECONDS, MOST_SECONDS = 0.2, 10.0


class PythonCalls:
    """The calls that TensorFlow's threads make into Python.

    A thread that enters Python while the interpreter shuts down is stopped there and then, and an
    iterator that is destroyed later waits for it for ever: a training that Ctrl-C interrupted
    would never end. So the last of these calls have to be over before the shutdown.
    """

    def __init__(self):
        self._lock = threading.Lock()
        self._ending = False
        self._running = 0
        self._made = 0

    def counted(self, function: Callable) -> Callable:
        """Returns `function`, with its calls counted, and refused once the process ends."""

        @functools.wraps(function)
        def call(*arrays):
            with self._lock:
                self._made += 1
                self._running += 1
            try:
                if self._ending:
                    raise RuntimeError("The process is ending.")
                return function(*arrays)
            finally:
                with self._lock:
                    self._running -= 1

        return call

    def end(self) -> None:
        """Drops iterators that nothing holds any more, then waits for the calls of all others.

        These are over when none runs and none has begun for a moment: full buffers ask for none.
        The wait has a limit, as a call may be stuck in a read.
        """
        if not self._made:
            return
        self._ending = True
        gc.collect()
        seen, latest = -1, time.monotonic() + MOST_SECONDS
        while (self._running or seen != self._made) and time.monotonic() < latest:
            seen = self._made
            time.sleep(QUIET_SECONDS)


CALLS = PythonCalls()
atexit.register(CALLS.end)


def numpy_function(
    function: Callable, inputs: list[tf.Tensor], output_types, *, stateful: bool = True
):
    """Does what `tf.numpy_function` does, and lets the process end in the middle of it."""
    import tensorflow as tf

    return tf.numpy_function(CALLS.counted(function), inputs, output_types, stateful=stateful)
