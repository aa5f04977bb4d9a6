"""The signatures of a model, and what their tensors are.

The functions that are exported, their verification and the written contract all read these.
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np

from kerasgen import abilities, backend, checks
from kerasgen.events import Tensor
from kerasgen.fitting import code_tensor, mask_tensor, noise_tensor

COUNT = Tensor((), "int32", "at least 1", "how many examples to draw, a scalar")
# What names stand for in any file; the events of a model say more of their own.
TENSORS = {
    "images": Tensor((), "float32", "[0, 1]", "images, height x width x channels"),
    "vectors": Tensor((), "float32", "real", "points, rows of a table"),
    "series": Tensor((), "float32", "real", "samples over time"),
    "tokens": Tensor((), "int32", "0..codebook size-1", "tokens, one for each position"),
    "labels": Tensor((), "int32", "0..classes-1", "class of each example, of conditional models"),
    "words": Tensor((), "int32", "0..words", "the words of a sentence by number, padded with 0"),
    "noise": noise_tensor(()),
    "mask": mask_tensor(()),
    "z": code_tensor(()),
    "mean": Tensor((), "float32", "real", "mean of the posterior q(z given example)"),
    "scale": Tensor((), "float32", "positive", "standard deviation of the posterior"),
    "elbo": Tensor((), "float32", "nats", "one-sample estimate of the bound on log p(example)"),
    "log_prob": Tensor((), "float32", "nats", "log p(example), or a lower bound on it"),
    "log_probs": Tensor(
        (), "float32", "nats", "log p of each pixel or patch given those before it"
    ),
    "responsibilities": Tensor((), "float32", "[0, 1]", "p(component given example) of a mixture"),
    "probabilities": Tensor((), "float32", "[0, 1]", "p(class given example), one for each class"),
    "features": Tensor((), "float32", "real", "what a classifier's last layer reads"),
    "p_value": Tensor(
        (), "float32", "(0, 1]", "share of pictures of the kind that are at least as strange"
    ),
    "count": COUNT,
}


_LIKELIHOODS = {
    "exact": "log p(example), exactly",
    "bound": "a lower bound on log p(example)",
    "estimate": "a lower bound in expectation on log p(example)",
}


def tensors(model) -> dict[str, Tensor]:
    """What names stand for in files of a model.

    >>> tensors(kerasgen.families.Mixture([2], num_components=3))["log_prob"].meaning
    'log p(example), exactly, a density'
    """
    known = TENSORS | model.event.tensors() | model.condition.tensors()
    if model.token_event:
        known |= model.token_event.tensors()
    if model.likelihood_kind:
        kind = "probability" if model.levels else "density"
        meaning = f"{_LIKELIHOODS[model.likelihood_kind]}, a {kind}"
        known["log_prob"] = known["log_prob"]._replace(meaning=meaning)
    return known


class Signature(NamedTuple):
    """One named function of an exported file.

    Attributes:
        function: named tensors to a dict of named tensors.
        inputs: what it takes, by name.
        replay: for a function that draws and returns its own noise, the same function of that
            noise.

    >>> model = kerasgen.families.Mixture([2], num_components=3)
    >>> sorted(of(model)["sample"].inputs)
    ['noise']
    """

    function: Callable[..., dict]
    inputs: dict[str, Tensor]
    replay: Callable[..., dict] | None = None

    def compiled(self) -> "Signature":
        """The same as TensorFlow's graphs, for loops, which take seconds without."""
        import tensorflow as tf

        graph = functools.partial(tf.function, autograph=False)
        return self._replace(
            function=graph(self.function), replay=self.replay and graph(self.replay)
        )

    def expected(self, inputs: dict[str, Any], outputs: dict[str, Any]) -> dict[str, np.ndarray]:
        """What Keras gives for `inputs`, in place of an exported file's `outputs`."""
        if self.replay is None:
            result = self.function(**inputs)
        else:
            condition = {name: value for name, value in inputs.items() if name != "count"}
            replayed = self.replay(outputs["noise"], **condition)
            result = {"noise": outputs["noise"], **replayed}
        return {name: keras.ops.convert_to_numpy(value) for name, value in result.items()}


def check_batch(batch_size: int | None) -> None:
    """Raises a ValueError for anything but a whole number of examples or None.

    >>> check_batch(1)
    """
    if batch_size is not None:
        checks.positive("batch_size", batch_size)


def of(model, names=None):
    """The signatures of a model by name: all of them, or those named.

    Raises:
        RuntimeError: Keras runs on another backend than TensorFlow.
        ValueError: a model that lists no signatures, an unknown name, or a model that computes in
            another type than float32.
        FloatingPointError: weights that are not finite.

    >>> sorted(of(kerasgen.families.Mixture([2], num_components=3)))
    ['log_prob', 'responsibilities', 'sample']
    """
    if not backend.CAN_EXPORT:
        raise RuntimeError(
            "Expected the TensorFlow backend, which alone exports. Received: "
            f"{keras.backend.backend()!r}. "
            "Set KERAS_BACKEND=tensorflow and load the same weights there."
        )
    if not hasattr(model, "export_signatures"):
        raise ValueError(
            f"Expected a model with export_signatures(). Received: {type(model).__name__}."
        )
    reduced = sorted(
        {layer.compute_dtype for layer in model._flatten_layers(include_self=False)} - {"float32"}
    )
    if reduced:
        raise ValueError(
            f"Expected a model that computes in float32. Received: {reduced[0]}. Build it under "
            "the float32 dtype policy and load the weights there."
        )
    model.require_finite()
    signatures = {name: Signature(*pair) for name, pair in model.export_signatures().items()}
    unknown = set(names or ()) - signatures.keys()
    if unknown:
        raise ValueError(
            f"Expected signatures among {list(signatures)}. Received: {sorted(unknown)}."
        )
    return {name: signatures[name] for name in names or signatures}


def examples(model, signatures: dict[str, Signature], n: int, seed: int) -> tuple[Any, Any]:
    """`n` examples in range and their condition, None where there is none: the model's own samples
    where it samples and a signature takes examples.

    >>> model = kerasgen.families.Mixture([2], num_components=3)
    >>> examples(model, of(model), 5, seed=0)[0].shape
    TensorShape([5, 2])
    """
    condition, names = model.condition.example(n, seed), model.event.tensors().keys()
    taken = any(names & each.inputs.keys() for each in signatures.values())
    if taken and "sample" in abilities.methods(model):
        return model.sample(n, condition, seed=seed), condition
    return model.event.example(n, seed), condition


def draw(model, signature: Signature, n: int, seed: int, data=None) -> dict[str, np.ndarray]:
    """Values in range for every input of a signature, `n` examples.

    Args:
        data: `(examples, condition)`; by default what `examples` gives.

    >>> model = kerasgen.families.Mixture([2], num_components=3)
    >>> draw(model, of(model)["log_prob"], 5, seed=0)["vectors"].shape
    (5, 2)
    """
    rng = np.random.default_rng(seed)
    x, condition = data or examples(model, {"": signature}, n, seed)
    given = model.event.unpack(x) | model.condition.unpack(condition) | {"count": n}
    if "tokens" in signature.inputs and "tokens" not in given:
        given["tokens"] = model.token_event.example(n, seed)
    return {
        name: np.asarray(
            given[name] if name in given else rng.standard_normal((n, *tensor.shape)), tensor.dtype
        )
        for name, tensor in signature.inputs.items()
    }
