"""Workers of Ray, each of which encodes one block of images after the other."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType

from classwise.zoo.encoding.block_encoder import Block, BlockEncoder, EncodedBlock
from classwise.zoo.encoding.onnx_session import ON_CUDA
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.extras import require
from classwise.zoo.foundation.printing import counted
from classwise.zoo.foundation.quiet import quiet


def encoded(
    model: Path,
    arguments: dict,
    blocks: Sequence[Block],
    workers: int | None,
    on_start: Callable[[int, str], None],
) -> Iterator[EncodedBlock]:
    """Yields what workers say of blocks, in the order in which they are done."""
    count = sum(block.images.count for block in blocks)
    with connected() as ray:
        share, most = shares(ray.cluster_resources(), arguments["providers"], workers)
        number = min(workers or most, len(blocks))
        machines = counted(len([node for node in ray.nodes() if node["Alive"]]), "machine")
        on_start(count, f"{counted(number, 'worker')} of Ray on {machines}")
        threads = int(share["num_cpus"])
        stored = ray.put(model.read_bytes())
        rows = [{"block": block} for block in blocks]
        results = ray.data.from_items(rows, override_num_blocks=len(rows)).map_batches(
            RayWorker,
            batch_size=1,
            compute=ray.data.ActorPoolStrategy(size=number),
            fn_constructor_args=(stored, arguments | {"threads": threads}),
            **share,
        )
        with plain_ray_errors(ray):
            for row in results.iter_rows():
                yield EncodedBlock(**row)


@contextlib.contextmanager
def plain_ray_errors(ray: ModuleType) -> Iterator[None]:
    """Turns what Ray raises for a worker that cannot run into an `InputError`."""
    try:
        yield
    except ray.exceptions.RayError as error:
        lines = str(error).strip().splitlines()
        raise InputError(
            f"A worker of Ray failed ({lines[-1][:300] if lines else type(error).__name__}); see "
            "that this version of classwise and its packages are installed on every machine."
        ) from error


class RayWorker:
    """What Ray starts as an actor: takes a block, and gives back what became of it."""

    def __init__(self, model, arguments: dict):
        import ray

        self.encoder = BlockEncoder(ray.get(model), **arguments)

    def __call__(self, batch: dict) -> dict:
        told = [dataclasses.asdict(self.encoder.encode(block)) for block in batch["block"]]
        return {key: [each[key] for each in told] for key in told[0]}


def shares(
    resources: dict[str, float], providers: Sequence[str], workers: int | None
) -> tuple[dict[str, float], int]:
    """Returns what one worker gets of a cluster, and how many workers there is room for.

    Raises:
        InputError: there are no GPUs, though a provider needs them, or fewer cores than workers.

    Example:

    >>> shares({"CPU": 16.0, "GPU": 2.0}, ("cuda", "cpu"), None)
    ({'num_cpus': 8, 'num_gpus': 1}, 2)
    """
    cpus, gpus = int(resources.get("CPU", 0)), int(resources.get("GPU", 0))
    if providers[0] in ON_CUDA:
        most, share = gpus, {"num_cpus": max(1, cpus // max(gpus, 1)), "num_gpus": 1}
        what = "GPUs"
    else:
        most, share, what = cpus, {"num_cpus": 1}, "cores"
    if not most or (workers or 0) > most:
        raise InputError(
            f"{workers or 'Workers'} workers are wanted, and the Ray cluster has {most} {what}; "
            "add machines to it, or ask for fewer (--workers)."
        )
    return share, most


@contextlib.contextmanager
def connected() -> Iterator[ModuleType]:
    """Connects to Ray, or starts it here; yields its module.

    Raises:
        InputError: it is not installed, or the cluster cannot be reached.
    """
    # Nothing is told to others, and the log stays in files.
    for name, value in {
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_BACKEND_LOG_LEVEL": "fatal",
        "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    }.items():
        os.environ.setdefault(name, value)
    ray = require("ray", "ray")
    require("ray.data", "ray")
    for name in ("ray", "ray.data"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    ray.data.DataContext.get_current().enable_progress_bars = False
    started = not ray.is_initialized()
    if started:
        try:
            with quiet():
                ray.init(
                    include_dashboard=False, log_to_driver=False, logging_level=logging.CRITICAL
                )
        except Exception as error:  # where a node takes too long to start, Ray raises no other
            reason = str(error).strip().split("\n")[0][:200]
            raise InputError(
                f"Ray cannot be reached or started ({reason}); check RAY_ADDRESS and `ray status`."
            ) from error
    try:
        yield ray
    finally:
        if started:
            ray.shutdown()
