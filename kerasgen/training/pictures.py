"""Pictures of samples while a run lasts, for TensorBoard."""

import pathlib
import sys

import keras

from kerasgen import backend, plot
from kerasgen.training.held_out import averaged

_SHOWN = 32  # samples
_PICTURES = 10  # of a run, at most


class SamplePictures(keras.callbacks.Callback):
    """Writes a picture of samples, seed 0, of the weights that the run would end with.

    What cannot be drawn is left out with a line: a picture is no reason for a run to fail.

    Args:
        folder: of TensorBoard's logs.
        epochs: of the run, of which up to ten are shown.

    >>> SamplePictures("logs", epochs=100).every
    10
    """

    def __init__(self, folder, epochs):
        super().__init__()
        self.folder = pathlib.Path(folder) / "samples"
        self.every = max(5, -(-epochs // _PICTURES))

    def on_epoch_end(self, epoch, logs=None):
        if self.every and (epoch + 1) % self.every == 0:
            try:
                self._write(epoch)
            except Exception as error:  # whatever a model of one's own may do
                line = " ".join(str(error).split())
                print(f"kerasgen: warning: no pictures of samples: {line}", file=sys.stderr)
                self.every = None

    def _write(self, epoch):
        tf = backend.library("tensorflow")
        condition = self.model.condition.shown(_SHOWN)
        backend.sync_variables(self.model)
        with averaged(self.model):
            samples = self.model.shown_samples(_SHOWN, condition, seed=0)
        picture = plot.grid(self.model.event.render(samples), None, self.model.condition.num_shown)
        writer = tf.summary.create_file_writer(str(self.folder))
        with writer.as_default():
            tf.summary.image("samples", picture[None], step=epoch)
        writer.close()
