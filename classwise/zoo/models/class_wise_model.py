"""Training by a class-wise loss: what a Keras model does with data, loss and metrics for it."""

import keras

from classwise.losses import ClassWiseLoss
from classwise.zoo.datasets.check_batches import (
    check_that_it_ends,
    check_training_data,
    comes_in_batches,
)
from classwise.zoo.datasets.image_folder import plain_input_errors
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.models.compiled_loss import only_class_wise


class ClassWiseModel(keras.Model):
    """A model that gives embeddings, and hands them to its loss together with its class centers.

    A subclass sets `image_shape`, `num_classes`, `normalize` and `class_centers`. With a loss that
    is not class-wise it trains as any Keras model does; its images are checked even so.
    """

    def fit(
        self,
        x=None,
        y=None,
        batch_size=None,
        epochs=1,
        verbose="auto",
        callbacks=None,
        validation_split=0.0,
        validation_data=None,
        **options,
    ):
        """Trains as `keras.Model.fit` does, on arrays, tensors or batches, all of them checked.

        Images hold 0-255; labels are class ids or, for several labels an image, multi-hot; soft
        labels, as of MixUp and label smoothing, are multi-hot ones between 0 and 1.

        Raises:
            InputError: images or labels, to train or to validate with, that do not fit; in batches,
                when the first wrong one comes by. Batches without end, or a generator for several
                epochs, without `steps_per_epoch` or `validation_steps`.
        """
        epochs_left = epochs - options.get("initial_epoch", 0)
        x, y = self._checked(x, y, options.get("steps_per_epoch"), epochs_left, "steps_per_epoch")
        if comes_in_batches(x) and not isinstance(x, keras.utils.PyDataset):
            options.setdefault("shuffle", False)  # Keras's default warns that it can't be done
        if validation_data is not None:
            held_out, labels, weights = keras.utils.unpack_x_y_sample_weight(validation_data)
            steps = options.get("validation_steps")
            held_out, labels = self._checked(
                held_out, labels, steps, epochs_left, "validation_steps"
            )
            validation_data = keras.utils.pack_x_y_sample_weight(held_out, labels, weights)
        self._build_optimizer()
        with plain_input_errors():
            return super().fit(
                x,
                y,
                batch_size,
                epochs,
                verbose,
                callbacks,
                validation_split,
                validation_data,
                **options,
            )

    def _build_optimizer(self):
        """Makes the optimizer's variables now.

        TensorFlow would make them while it traces the first step, and then trace it again, which
        takes as long as all the rest of the start.
        """
        wanted = self.built and self.compiled and not self.run_eagerly
        if keras.backend.backend() == "tensorflow" and wanted and not self.optimizer.built:
            with self.distribute_strategy.scope():
                self.optimizer.build(self.trainable_variables)

    def evaluate(
        self,
        x=None,
        y=None,
        batch_size=None,
        verbose="auto",
        sample_weight=None,
        steps=None,
        callbacks=None,
        **options,
    ):
        """Scores as `keras.Model.evaluate` does; data and errors are those of `fit`."""
        if not options.get("_use_cached_eval_dataset"):  # fit's own call, which reads no x and y
            x, y = self._checked(x, y, steps)
        with plain_input_errors():
            return super().evaluate(
                x, y, batch_size, verbose, sample_weight, steps, callbacks, **options
            )

    def predict(self, x, batch_size=None, verbose="auto", steps=None, callbacks=None):
        """Computes embeddings as `keras.Model.predict` does; images and errors as in `fit`."""
        x, _ = self._checked(x, None, steps, labeled=False)
        with plain_input_errors():
            return super().predict(x, batch_size, verbose, steps, callbacks)

    def train_on_batch(self, x, y=None, *arguments, **options):
        """Trains as `keras.Model.train_on_batch` does; data and errors are those of `fit`."""
        return super().train_on_batch(*self._checked(x, y), *arguments, **options)

    def test_on_batch(self, x, y=None, *arguments, **options):
        """Scores as `keras.Model.test_on_batch` does; data and errors are those of `fit`."""
        return super().test_on_batch(*self._checked(x, y), *arguments, **options)

    def predict_on_batch(self, x):
        """Computes embeddings as `keras.Model.predict_on_batch` does, of images as in `fit`."""
        return super().predict_on_batch(self._checked(x, None, labeled=False)[0])

    def _checked(self, x, y, steps=None, passes=1, limit="steps", labeled=True):
        """Returns the data that may come in; `limit` is what sets `steps` to be made a pass."""
        if steps is None:
            check_that_it_ends(x, passes, limit)
        class_wise = labeled and isinstance(self.loss, ClassWiseLoss)
        return check_training_data(x, y, self.image_shape, self.num_classes if class_wise else None)

    @property
    def loss(self):
        """The loss of `compile`; a class-wise one alone, if it came in a list or a dictionary."""
        return self._given_loss

    @loss.setter
    def loss(self, given):
        compiled = getattr(self, "_compile_loss", None)
        self._given_loss = only_class_wise(given, compiled) or given

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        if not isinstance(self.loss, ClassWiseLoss):
            return super().compute_loss(x, y, y_pred, sample_weight, training)
        if self.loss.normalize != self.normalize:
            raise InputError(
                f"{type(self.loss).__name__} needs Hasher(..., normalize={self.loss.normalize}); "
                f"this hasher has normalize={self.normalize}."
            )
        if training and not self.loss.fixed_centers:
            self.class_centers.accumulate(y, y_pred)
        # Metrics are updated here, because JAX shows them no weights of the model later on.
        self._update_metrics(x, y, y_pred, sample_weight)
        loss = self.loss(y, (y_pred, self.class_centers.centers), sample_weight)
        return sum(self.losses, start=loss)

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        if not isinstance(self.loss, ClassWiseLoss):
            return super().compute_metrics(x, y, y_pred, sample_weight)
        if not getattr(self._compile_metrics, "built", True):
            self._update_metrics(x, y, y_pred, sample_weight)  # Keras asks for this to build them.
        return self.get_metrics_result()

    def _update_metrics(self, x, y, y_pred, sample_weight):
        logits = self.loss.logits(y_pred, self.class_centers.centers)
        super().compute_metrics(x, y, keras.ops.stop_gradient(logits), sample_weight)
