import dataclasses
import json
import shutil
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from classwise.losses import DCWHLoss
from classwise.zoo import Hasher, load, resnet
from classwise.zoo.datasets.sample import load_sample
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.training import train
from classwise.zoo.training.distillation import load_teacher, student_of, teach
from classwise.zoo.training.epoch_checkpoint import EpochCheckpoint
from classwise.zoo.training.input_pipeline import training_batches
from classwise.zoo.training.recipe import Augmentation, Distillation, Stage
from tests.zoo.training.training_script import toy_images, toy_recipe

TEACHER = "dcwh_resnet9_fashion_mnist_16"


@pytest.fixture(scope="module")
def teacher():
    return load(TEACHER)


@pytest.fixture(scope="module")
def images():
    sample = load_sample("fashion_mnist")
    return sample.select(np.arange(0, 2000, 5)), sample.select(np.arange(1, 2000, 20))


@pytest.fixture(scope="module")
def few_images(images):
    return images[0].select(np.arange(0, 400, 4)), images[1].select(np.arange(0, 100, 2))


@pytest.fixture
def recipe():
    return toy_recipe(
        code_length=16, stages=(Stage(2), Stage(1)), distillation=Distillation(TEACHER, 0.5)
    )


def new_student(teacher, weight, **settings):
    backbone = resnet(8, teacher.image_shape, **settings)
    return student_of(teacher, Hasher(backbone, 16, 10), weight)


def score(student, pixels, targets):
    batches = tf.data.Dataset.from_tensors((pixels, targets))
    return student.evaluate(batches, return_dict=True, verbose=0)


def test_the_loss_is_the_class_wise_one_and_the_weighted_distance(teacher, images):
    pixels, labels = images[0].images[:32], images[0].labels[:32]
    taught = teacher.embed(pixels, verbose=0)
    student = new_student(teacher, weight=0.3)
    student.compile(loss=DCWHLoss(), metrics=["accuracy"])
    h = student.embed(pixels, verbose=0)
    class_wise = float(DCWHLoss()(labels, (h, teacher.class_centers.get_centers())))
    distance = np.mean([np.sum((one - other) ** 2) for one, other in zip(h, taught, strict=True)])
    assert distance > 1
    scores = score(student, pixels, (labels, taught))
    assert scores["loss"] == pytest.approx(class_wise + 0.3 * distance, rel=1e-5)
    assert "accuracy" in scores
    alone = score(student, pixels, labels)
    assert alone["loss"] == pytest.approx(class_wise, rel=1e-5)


def test_embeddings_keep_to_their_images_in_every_epoch():
    images = toy_images(40, "train")
    taught = np.stack([images.labels, images.images.sum(axis=(1, 2, 3))], axis=1)
    batches = training_batches(images, 8, Augmentation(flip=True), 0, range(3), np.float32(taught))
    orders = []
    for pixels, (labels, rows) in batches:
        np.testing.assert_array_equal(rows[:, 0], labels)
        np.testing.assert_array_equal(rows[:, 1], pixels.numpy().sum(axis=(1, 2, 3)))
        orders.append(tuple(labels.numpy()))
    assert len(orders) == 15
    assert len(set(orders)) > 5


@pytest.mark.large
def test_a_student_comes_close_to_its_teacher(recipe, teacher, images, tmp_path, log_of):
    validation = images[1]
    hashers = {}
    for name, distillation in (("taught", recipe.distillation), ("alone", None)):
        changed = dataclasses.replace(recipe, distillation=distillation)
        path = train(changed, *images, tmp_path / name, tensorboard=False, verbose=0)
        hashers[name] = keras.saving.load_model(path)
    assert type(hashers["taught"]) is Hasher
    wanted = teacher.embed(validation.images, verbose=0)
    distance = {
        name: np.square(hasher.embed(validation.images, verbose=0) - wanted).sum(axis=1).mean()
        for name, hasher in hashers.items()
    }
    assert distance["taught"] < 0.7 * distance["alone"]
    log = log_of(tmp_path / "taught")
    assert [("teacher_seconds" in line) for line in log] == [True, False, False]


@pytest.mark.large
def test_going_on_reads_the_embeddings_that_are_there(
    recipe, few_images, tmp_path, weights, monkeypatch
):
    whole = train(recipe, *few_images, tmp_path / "whole", tensorboard=False, verbose=0)

    save = EpochCheckpoint.on_epoch_end

    def stop_after_the_first(self, epoch, logs=None):
        save(self, epoch, logs)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(EpochCheckpoint, "on_epoch_end", stop_after_the_first)
        with pytest.raises(KeyboardInterrupt):
            train(recipe, *few_images, tmp_path / "run", tensorboard=False, verbose=0)
    (file,) = (tmp_path / "run" / "features").glob("teacher-*.npz")
    shutil.copytree(file.parent, tmp_path / "features")
    monkeypatch.setattr(Hasher, "predict_on_batch", None)  # the teacher has nothing left to do
    resumed = train(
        recipe,
        *few_images,
        tmp_path / "run",
        features=tmp_path / "features",
        tensorboard=False,
        verbose=0,
    )
    assert [path.name for path in (tmp_path / "features").iterdir()] == [file.name]
    assert not file.exists()
    for mine, other in zip(weights(resumed), weights(whole), strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-4, atol=1e-5)


@pytest.mark.large
def test_going_on_with_other_weights_of_the_teacher_is_refused(recipe, few_images, tmp_path):
    train(recipe, *few_images, tmp_path, tensorboard=False, verbose=0)
    log = (tmp_path / "log.jsonl").read_text()
    digest = json.loads(log.splitlines()[0])["teacher"]
    (tmp_path / "log.jsonl").write_text(log.replace(digest, "0" * 64))
    with pytest.raises(InputError, match="began with other weights of the teacher"):
        train(recipe, *few_images, tmp_path, tensorboard=False, verbose=0)


def test_an_unknown_teacher_leaves_nothing_behind(recipe, images, tmp_path):
    unknown = dataclasses.replace(recipe, distillation=Distillation(TEACHER + "x"))
    with pytest.raises(InputError, match=f"did you mean '{TEACHER}'"):
        train(unknown, *images, tmp_path / "run", tensorboard=False, verbose=0)
    assert not (tmp_path / "run").exists()


@pytest.mark.large
def test_a_students_checkpoint_opens_in_another_process(teacher, tmp_path):
    new_student(teacher, weight=0.3).save(tmp_path / "best.keras")
    script = (
        "import sys; from classwise.zoo.models.keras_files import load_file; load_file(sys.argv[1])"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "best.keras")]
    subprocess.run(command, check=True, capture_output=True)


def test_images_are_brought_to_the_teachers_size(teacher, images, tmp_path):
    small = dataclasses.replace(images[0], images=images[0].images[:, ::2, ::2])
    embeddings, seconds = teach(teacher, small, tmp_path / "teacher.npz")
    assert embeddings.shape == (400, 16)
    assert seconds > 0
    distances = (embeddings[:, None] - teacher.class_centers.get_centers()) ** 2
    assert (distances.sum(axis=-1).argmin(axis=1) == small.labels).mean() > 0.3


@pytest.mark.parametrize(
    ("change", "fact"),
    [
        ({"code_length": 24}, "code length 16; recipe toy needs 24"),
        ({"method": "vmf"}, "embeddings of unit length False"),
    ],
)
def test_a_teacher_of_other_codes_is_refused(recipe, images, change, fact):
    with pytest.raises(InputError, match=fact):
        load_teacher(dataclasses.replace(recipe, **change), images[0])


def test_a_teacher_of_other_classes_is_refused(recipe):
    with pytest.raises(InputError, match=r"has classes .* needs \('black'"):
        load_teacher(recipe, toy_images(8, "train"))


def test_frozen_layers_have_no_teacher(recipe):
    with pytest.raises(InputError, match=f"distillation is '{TEACHER}'; it must be left out"):
        dataclasses.replace(recipe, trunk="resnet9_fashion_mnist", frozen_until="pool")
