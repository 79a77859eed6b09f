"""Images/s of a hasher in every runtime."""

import multiprocessing
import statistics
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from bench.timing.turns import alternating
from classwise.export.formats.open_model import open_model
from classwise.zoo.presets.load import load

BATCH = 256


def measure_speed(
    model: str, places: dict[str, Path | str], images: np.ndarray, rounds: int
) -> dict[str, dict]:
    """Returns images/s by batch size and runtime, and how many times as fast ONNX Runtime is.

    Every round has a process of its own, since some of what moves a speed, such as where threads
    and memory lie, lasts as long as its process.

    Args:
        model: a preset or `.keras` file, for Keras's `predict`.
        places: exports of it by the name of the runtime, "onnx" among them.
        images: uint8 `[N, H, W, C]`; a quarter of them is computed one by one.
        rounds: how often; medians count, also of ratios.
    """
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, spawn, max_tasks_per_child=1) as processes:
        found = list(processes.map(partial(one_round, model, places), [images] * rounds))
    speeds = {
        batch: {name: statistics.median(run[batch][name] for run in found) for name in names}
        for batch, names in found[0].items()
    }
    ratios = {
        batch: {
            name: statistics.median(run[batch]["onnx"] / run[batch][name] for run in found)
            for name in names
            if name != "onnx"
        }
        for batch, names in found[0].items()
    }
    return {"images per second": speeds, "onnx, times as fast as": ratios}


def one_round(model: str, places: dict[str, Path | str], images: np.ndarray) -> dict[str, dict]:
    """Returns images/s by batch size and runtime."""
    hasher = load(model)
    signatures = {name: open_model(place).signatures[0] for name, place in places.items()}
    speeds = {}
    for batch in (1, BATCH):
        count = len(images) if batch > 1 else len(images) // 4
        parts = [images[start : start + batch] for start in range(0, count, batch)]

        def each(compute, parts=parts):
            return lambda: [compute(part) for part in parts]

        # One call of predict costs a tenth of a second, whatever it is given.
        done = dict.fromkeys(signatures, count) | {"keras": count if batch > 1 else 8}
        contenders = {name: each(signature.run) for name, signature in signatures.items()}
        contenders["keras"] = (
            (lambda n=count: hasher.predict(images[:n], BATCH, verbose=0))
            if batch > 1
            else each(lambda part: hasher.predict(part, verbose=0), parts[:8])
        )
        seconds = alternating(contenders, 1)
        speeds[f"batch {batch}"] = {name: done[name] / seconds[name][0] for name in contenders}
    return speeds
