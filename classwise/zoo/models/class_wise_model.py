"""Training by a class-wise loss: what a Keras model does with data, loss and metrics for it."""

import keras

from classwise.losses import ClassWiseLoss
from classwise.zoo.datasets.check_batches import check_training_data
from classwise.zoo.datasets.image_folder import plain_input_errors
from classwise.zoo.foundation.errors import InputError


class ClassWiseModel(keras.Model):
    """A model that gives embeddings, and hands them to its loss together with its class centres.

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

        Images hold 0-255; labels are class ids or, for several labels an image, multi-hot.

        Raises:
            InputError: images or labels, to train or to validate with, that do not fit; in batches,
                when the first wrong one comes by.
        """
        x, y = self._checked(x, y)
        if validation_data is not None:
            held_out, labels, weights = keras.utils.unpack_x_y_sample_weight(validation_data)
            held_out, labels = self._checked(held_out, labels)
            validation_data = keras.utils.pack_x_y_sample_weight(held_out, labels, weights)
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

    def evaluate(self, x=None, y=None, *arguments, **options):
        """Scores as `keras.Model.evaluate` does; data and errors are those of `fit`."""
        if not options.get("_use_cached_eval_dataset"):  # fit's own call, which reads no x and y
            x, y = self._checked(x, y)
        with plain_input_errors():
            return super().evaluate(x, y, *arguments, **options)

    def _checked(self, x, y):
        class_wise = isinstance(self.loss, ClassWiseLoss)
        return check_training_data(x, y, self.image_shape, self.num_classes if class_wise else None)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        if not isinstance(self.loss, ClassWiseLoss):
            return super().compute_loss(x, y, y_pred, sample_weight, training)
        if self.loss.normalize != self.normalize:
            raise InputError(
                f"{type(self.loss).__name__} needs Hasher(..., normalize={self.loss.normalize}); "
                f"this hasher has normalize={self.normalize}."
            )
        if training:
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
        logits = keras.ops.stop_gradient(self.loss.logits(y_pred, self.class_centers.centers))
        super().compute_metrics(x, y, logits, sample_weight)
