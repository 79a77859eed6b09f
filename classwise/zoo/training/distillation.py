"""Learning from the embeddings of another hasher, beside the labels (knowledge distillation)."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from classwise.zoo.datasets import LabeledImages
from classwise.zoo.datasets.resized_images import resize
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.files import replacing_file
from classwise.zoo.methods import get_method
from classwise.zoo.models.hasher import Hasher
from classwise.zoo.models.student import Student
from classwise.zoo.presets.load import load
from classwise.zoo.presets.registry import get_preset
from classwise.zoo.training.recipe import Recipe
from classwise.zoo.training.run_directory import RunDirectory

BATCH = 256


def load_teacher(recipe: Recipe, images: LabeledImages) -> Hasher:
    """Loads the hasher that a recipe learns from.

    Raises:
        InputError: no such preset, or one of another code length, method, channels or classes.
    """
    teacher = load(recipe.distillation.teacher)
    facts = {
        "code length": (teacher.code_length, recipe.code_length),
        "embeddings of unit length": (teacher.normalize, get_method(recipe.method).unit_length),
        "channels": (teacher.image_shape[-1], images.image_shape[-1]),
        "classes": (teacher.class_names, tuple(images.class_names)),
    }
    for fact, (has, needed) in facts.items():
        if has != needed:
            raise InputError(
                f"The teacher {recipe.distillation.teacher} has {fact} {has}; recipe {recipe.name} "
                f"needs {needed}."
            )
    return teacher


def teach(
    teacher: Hasher,
    images: LabeledImages,
    file: Path,
    progress: Callable[[int], None] | None = None,
) -> tuple[np.ndarray, float]:
    """Computes the teacher's embeddings of plain images, or reads the file that holds them.

    Images, of the size that the student sees, are brought to the teacher's size.

    Args:
        teacher: the hasher to learn from.
        images: N images.
        file: where their embeddings are, or go (`embeddings_file`).
        progress: called with the number of images of every batch done.

    Returns:
        The embeddings, float32 `[N, L]`, and the seconds that computing them took.
    """
    if not file.exists():
        begin, found = time.perf_counter(), []
        for pixels, _ in resize(images, teacher.image_shape).batches(BATCH):
            found.append(np.asarray(teacher.predict_on_batch(pixels.numpy())))
            if progress is not None:
                progress(len(pixels))
        file.parent.mkdir(parents=True, exist_ok=True)
        with replacing_file(file) as temporary:
            seconds = time.perf_counter() - begin
            np.savez(temporary, embeddings=np.concatenate(found), seconds=seconds)
    with np.load(file) as saved:
        return saved["embeddings"], float(saved["seconds"])


def embeddings_file(folder: Path, name: str, images: dict) -> Path:
    """Returns where a teacher's embeddings of images lie: its name says whose and of which.

    Args:
        folder: where features are kept.
        name: of the teacher.
        images: `image_digest` of the images.
    """
    source = [images, teacher_digest(name)]
    digest = hashlib.sha256(json.dumps(source).encode()).hexdigest()
    return folder / f"teacher-{digest[:16]}.npz"


def teacher_digest(name: str) -> str:
    """Returns a SHA-256 of all weights of a teacher."""
    files = " ".join(file.sha256 for file in get_preset(name).files)
    return hashlib.sha256(files.encode()).hexdigest()


def check_teacher(run: RunDirectory) -> None:
    """Raises `InputError` where a training is to go on with another teacher than it began with."""
    name = run.recipe.distillation.teacher
    began = [line["teacher"] for line in run.log if "teacher" in line]
    if began and began[0] != teacher_digest(name):
        raise InputError(
            f"{run.path} holds a training that began with other weights of the teacher {name}; "
            "choose another folder, or remove this one to start over."
        )


def student_of(teacher: Hasher, untrained: Hasher, weight: float) -> Student:
    """Returns an untrained student with the backbone of `untrained` and the teacher's centers."""
    student = Student(untrained.backbone, **untrained.settings, weight=weight)
    student.class_centers.set_weights(teacher.class_centers.get_weights())
    return student
