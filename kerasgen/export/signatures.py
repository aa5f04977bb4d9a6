"""The tensors that signatures exchange, in one table, and the signatures of a model.

The functions that are exported, their verification and the written contract all read this table.
"""

from collections.abc import Callable
from typing import NamedTuple

import keras
import numpy as np

from kerasgen import backend


class Tensor(NamedTuple):
    """What a name stands for in every signature.

    Attributes:
        dtype: of its elements.
        values: the range they have.
        meaning: what they are.
    """

    dtype: str
    values: str
    meaning: str


TENSORS = {
    "images": Tensor("float32", "[0, 1]; points: real", "images, height x width x channels, or points of a plane"),
    "labels": Tensor("int32", "0..classes-1", "class of each example, of conditional models"),
    "words": Tensor("int32", "0..words of the vocabulary", "the words of a sentence by number, padded with 0"),
    "noise": Tensor("float32", "standard normal", "all the randomness there is: equal noise, equal result"),
    "z": Tensor("float32", "real, standard normal a priori", "latent code"),
    "ids": Tensor("int32", "0..vocabulary-1", "words of a tokenizer, one for each position of its grid"),
    "mean": Tensor("float32", "real", "mean of the posterior q(z given image)"),
    "scale": Tensor("float32", "positive", "standard deviation of the posterior q(z given image)"),
    "elbo": Tensor("float32", "nats", "one-sample estimate of the evidence lower bound on log p(image)"),
    "log_prob": Tensor("float32", "nats", "log p(image), or where noise enters, one draw of a lower bound on it"),
    "responsibilities": Tensor("float32", "[0, 1]", "p(component given image) of a mixture, one for each component"),
    "probabilities": Tensor("float32", "[0, 1]", "p(class given image), one for each class"),
    "features": Tensor("float32", "real", "what a classifier's last layer reads"),
    "count": Tensor("int32", "at least 1", "how many examples to draw, a scalar"),
}


class Signature(NamedTuple):
    """One named function of an exported file.

    Attributes:
        function: named tensors to a dict of named tensors.
        inputs: shape of each input by name, with None for a free batch size.
        replay: for a function that draws and returns its own noise, the same function of that noise.
    """

    function: Callable[..., dict]
    inputs: dict[str, tuple]
    replay: Callable[..., dict] | None = None

    def expected(self, inputs, outputs):
        """What Keras gives for `inputs`, in place of an exported file's `outputs`, as NumPy arrays."""
        if self.replay is None:
            result = self.function(**inputs)
        else:
            labels = {name: value for name, value in inputs.items() if name != "count"}
            result = {"noise": outputs["noise"], **self.replay(outputs["noise"], **labels)}
        return {name: keras.ops.convert_to_numpy(value) for name, value in result.items()}


def of(model, names=None):
    """The signatures of a model by name: all of them, or those named.

    Raises:
        RuntimeError: Keras runs on another backend than TensorFlow.
        ValueError: a model that lists no signatures, an unknown name, or a model that computes in another type than
            float32.
    """
    if not backend.CAN_EXPORT:
        raise RuntimeError(
            f"Expected the TensorFlow backend, which alone exports. Received: {keras.backend.backend()!r}. "
            "Set KERAS_BACKEND=tensorflow and load the same weights there."
        )
    if not hasattr(model, "export_signatures"):
        raise ValueError(f"Expected a model with export_signatures(). Received: {type(model).__name__}.")
    reduced = sorted({layer.compute_dtype for layer in model._flatten_layers(include_self=False)} - {"float32"})
    if reduced:
        raise ValueError(
            f"Expected a model that computes in float32. Received: {reduced[0]}. Build it under the float32 dtype "
            "policy and load the weights there."
        )
    signatures = {
        name: Signature(function, {key: (None, *shape) for key, shape in shapes.items()})
        for name, (function, shapes) in model.export_signatures().items()
    }
    unknown = set(names or ()) - signatures.keys()
    if unknown:
        raise ValueError(f"Expected signatures among {list(signatures)}. Received: {sorted(unknown)}.")
    return {name: signatures[name] for name in names or signatures}


def draw(model, signature, n, seed, data=None):
    """Values in range for every input of a signature, `n` examples; images are the model's own samples,
    or noise for a model that does not sample.

    Args:
        data: `(images, labels)` to take instead of samples, with labels None for an unconditional model.
    """
    generator = np.random.default_rng(seed)
    images = None
    if data is None:
        labels = None if model.num_classes is None else generator.integers(model.num_classes, size=n).astype("int32")
        if "words" in signature.inputs:
            labels = model.shown_condition(n)
        if "images" in signature.inputs:
            draws = hasattr(model, "sample")
            images = model.sample(n, labels, seed=seed) if draws else generator.random((n, *model.event_shape))
    else:
        images, labels = data
    given = {"images": images, "labels": labels, "words": labels, "count": n}

    def value(name, shape):
        if name in given:
            return given[name]
        size = (n, *shape[1:])
        return generator.integers(model.vocab_size, size=size) if name == "ids" else generator.standard_normal(size)

    return {name: np.asarray(value(name, shape), TENSORS[name].dtype) for name, shape in signature.inputs.items()}
