"""ONNX files in ONNX Runtime, on the execution providers that are asked for."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from classwise.zoo.encoding.onnx_digest import check_whole
from classwise.zoo.foundation.errors import InputError, unknown_name
from classwise.zoo.foundation.extras import pip_command, require

if TYPE_CHECKING:
    import os

    import onnxruntime

# What a user types, and what ONNX Runtime calls it.
PROVIDERS = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    "directml": "DmlExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
}
# TensorFloat-32, which GPUs compute in by default, keeps 10 bits of a mantissa: codes would differ.
EXACT = {"cuda": {"use_tf32": "0"}}
ON_CUDA = {"cuda", "tensorrt"}
ERRORS_ONLY = 3


def check_providers(providers: Sequence[str]) -> tuple[str, ...]:
    """Returns the names of providers, or raises `InputError` for an unknown name or none."""
    for name in providers:
        if name not in PROVIDERS:
            raise unknown_name("execution provider", name, PROVIDERS)
    if not providers:
        raise InputError(f"providers is empty; choose from {', '.join(PROVIDERS)}.")
    return tuple(providers)


def open_session(
    path: str | os.PathLike,
    providers: Sequence[str] = ("cpu",),
    require_provider: bool = False,
    spinning: bool = True,
    threads: int | None = None,
) -> onnxruntime.InferenceSession:
    """Opens an ONNX file with the first of the providers that works.

    ONNX Runtime itself falls back to the CPU, with no more than a line in a log;
    `running_provider` tells which provider the session has really got. CUDA computes in full
    float32, as the CPU does; TensorRT does so with NVIDIA_TF32_OVERRIDE=0 in the environment only.

    Args:
        path: the file.
        providers: names in `PROVIDERS`, the most wanted first. Defaults to ("cpu",).
        require_provider: whether the first one must run, from the first batch to the last. Defaults
            to False.
        spinning: whether threads on the CPU still wait busily after a batch. That answers single
            images sooner, and takes the processor from what else runs. Defaults to True.
        threads: of the CPU, for one batch. Defaults to ONNX Runtime's own choice, one a core.

    Raises:
        InputError: not an ONNX file, or a damaged one; an unknown provider; a required one that
            does not run.
    """
    providers = check_providers(providers)
    onnxruntime = require("onnxruntime")
    built_in = onnxruntime.get_available_providers()  # what this build was made with
    usable = [
        (PROVIDERS[name], EXACT.get(name, {})) for name in providers if PROVIDERS[name] in built_in
    ]
    if any(name in ON_CUDA and PROVIDERS[name] in built_in for name in providers):
        load_cuda(onnxruntime)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = ERRORS_ONLY
    options.intra_op_num_threads = threads or 0
    options.add_session_config_entry("session.force_spinning_stop", str(int(not spinning)))
    path = Path(path)
    if not path.is_file():
        raise InputError(f"There is no ONNX file {path}.")
    check_whole(path)
    try:
        session = onnxruntime.InferenceSession(
            str(path), options, providers=usable or [(PROVIDERS["cpu"], {})]
        )
    except Exception as error:  # its exceptions share no other base
        reason = str(error).strip().split("\n")[0][:200]
        raise InputError(
            f"{path} is not an ONNX file that ONNX Runtime can load ({reason}); export it again."
        ) from error
    running = running_provider(session)
    if require_provider:
        if running != providers[0]:
            hint = f" ({pip_command('onnx-gpu')})" if providers[0] in ON_CUDA else ""
            raise InputError(
                f"The provider {providers[0]!r} does not run here, {running!r} would; install an "
                f"ONNX Runtime and drivers that have it{hint}, or do not ask for it."
            )
        session.disable_fallback()  # to the CPU, when a batch fails
    return session


def load_cuda(onnxruntime: ModuleType) -> None:
    """Loads the CUDA and cuDNN that pip installed, where the provider would not look for them."""
    preload = getattr(onnxruntime, "preload_dlls", None)  # from 1.21 on
    if preload is not None:
        # It prints what it misses; a system's own CUDA may serve, and `running_provider` tells.
        with contextlib.redirect_stdout(None):
            preload()


def running_provider(session: onnxruntime.InferenceSession) -> str:
    """Returns the short name of the provider that runs most of a session, its first one."""
    first = session.get_providers()[0]
    return next((name for name, full in PROVIDERS.items() if full == first), first)
