import keras
import pytest

from classwise.zoo.training import environment
from classwise.zoo.training.environment import kind_of, machine, versions


@pytest.mark.parametrize(
    ("device", "kind"),
    [
        ("/job:localhost/replica:0/task:0/device:CPU:0", "cpu"),
        ("TFRT_CPU_0", "cpu"),
        ("/job:localhost/replica:0/task:0/device:GPU:0", "gpu"),
        ("cuda:1", "gpu"),
        ("mps:0", "gpu"),
        ("TPU_0(process=0,(0,0,0,0))", "tpu"),
        ("hpu:0", "hpu:0"),
    ],
)
def test_kind_of_a_device(device, kind):
    assert kind_of(device) == kind


def test_cores_are_those_of_a_cpu(monkeypatch):
    class Tensor:
        device = "cuda:0"

    monkeypatch.setattr(environment.ops, "zeros", lambda shape: Tensor())
    backend = keras.backend.backend()
    assert machine() == {"backend": backend, "device": "gpu"}
    Tensor.device = "cpu:0"
    monkeypatch.setattr(environment.os, "cpu_count", lambda: 3)
    assert machine() == {"backend": backend, "device": "cpu", "cores": 3}


def test_versions_name_the_backend():
    assert versions()["keras"] == keras.__version__
    assert [*versions()] == ["classwise", "keras", "numpy", keras.backend.backend()]
    assert [*versions("tensorflow")][-1] == "tensorflow"
