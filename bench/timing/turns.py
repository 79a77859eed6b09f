"""Contenders that take turns, so that a disturbance of the machine hits all of them."""

import statistics
import time
from collections.abc import Callable, Mapping

# Seconds until the spinning threads of one ONNX Runtime session leave their core to the next.
SETTLING = 0.2


def alternating(contenders: Mapping[str, Callable[[], None]], rounds: int) -> dict[str, list]:
    """Returns each contender's seconds, round by round; one round before is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(rounds + 1):
        for name, run in contenders.items():
            time.sleep(SETTLING)
            start = time.perf_counter()
            run()
            if number:
                seconds[name].append(time.perf_counter() - start)
    return seconds


def median_ratio(seconds: Mapping[str, list[float]], first: str, second: str) -> float:
    """Returns how many times longer the first one took, in the median round."""
    return statistics.median(a / b for a, b in zip(seconds[first], seconds[second], strict=True))
