"""Independent variables by name."""

from typing import Any

from keras import ops

from kerasgen.backend import split_seed


class Product:
    """Independent variables by name: a batch is a dict, its log-probability the sum of theirs.

    Args:
        parts: distributions of one batch shape, by name.

    >>> from kerasgen.backend import tfd
    >>> both = Product({"x": tfd.Normal(0.0, 1.0), "y": tfd.Bernoulli(probs=0.5)})
    >>> round(float(both.log_prob({"x": 0.0, "y": 1})), 4)  # log (1 / sqrt(2 pi)) + log (1 / 2)
    -1.6121
    """

    def __init__(self, parts: dict[str, Any]):
        self.parts = parts

    def log_prob(self, x: dict[str, Any]):
        """Of a batch; of what is there, where `x` is one of `kerasgen.events.Partial`."""
        return sum(self.log_probs(x).values())

    def log_probs(self, x: dict[str, Any]) -> dict[str, Any]:
        """Of each, and 0 where it is missing."""
        log_probs = {name: part.log_prob(x[name]) for name, part in self.parts.items()}
        present = x.get("present", {})
        for name in log_probs.keys() & present.keys():
            log_probs[name] *= ops.cast(present[name], log_probs[name].dtype)
        return log_probs

    def sample(self, sample_shape: Any = (), seed: Any = None) -> dict[str, Any]:
        """Draws, with a backend seed."""
        drawn = zip(self.parts.items(), split_seed(seed, len(self.parts)))
        return {name: part.sample(sample_shape, seed=each) for (name, part), each in drawn}

    def mean(self) -> dict[str, Any]:
        """Of each."""
        return {name: part.mean() for name, part in self.parts.items()}
