"""What training logs of a model, once an epoch, beside its loss."""

import csv
import sys

import keras
import numpy as np
from keras import ops

from kerasgen.metrics import codes
from kerasgen.metrics.units import active_units, kl_by_unit

KL_BY_UNIT = "kl_by_unit.csv"
_SATURATED = 0.999  # of the critic's separation
_COLLAPSED = 0.2  # of the samples' diversity


class ActiveUnits(keras.callbacks.Callback):
    """Adds `active_units` to the logs of every epoch: a code that collapses to its prior is seen
    while it does.

    Args:
        x, condition: training examples of a model with a code.

    >>> from kerasgen import bottlenecks, likelihoods, networks
    >>> vae = kerasgen.LatentVariableModel(
    ...     [4, 4, 1], networks.MLP((4,), ()), bottlenecks.Gaussian(2), networks.MLP(hidden=()),
    ...     likelihoods.Bernoulli())
    >>> x = np.ones((8, 4, 4, 1), "float32")
    >>> vae.compile("adam")
    >>> sorted(vae.fit(x, verbose=0, callbacks=[ActiveUnits(x)]).history)
    ['active_units', 'kl', 'loss', 'reconstruction']
    """

    units: dict[str, str] = {"active_units": "units"}

    def __init__(self, x, condition=None):
        super().__init__()
        self.examples = x, condition

    def on_epoch_end(self, epoch, logs=None):
        logs["active_units"] = active_units(self.model.encode(*self.examples).mean())


class KLByUnit(keras.callbacks.Callback):
    """Writes `kl_by_unit` after every epoch as a row of a table, a column a unit.

    Args:
        path: of the table.
        x, condition: training examples of a latent-variable model.
        writes: False for workers that only take part in the computation.

    >>> import pathlib
    >>> from kerasgen import bottlenecks, likelihoods, networks
    >>> vae = kerasgen.LatentVariableModel(
    ...     [4, 4, 1], networks.MLP((4,), ()), bottlenecks.Gaussian(2), networks.MLP(hidden=()),
    ...     likelihoods.Bernoulli())
    >>> monitor = KLByUnit(pathlib.Path("kl_by_unit.csv"), np.ones((8, 4, 4, 1), "float32"))
    >>> monitor.set_model(vae)
    >>> monitor.on_epoch_end(0)
    >>> monitor.path.read_text().split()[0]
    'epoch,unit_0,unit_1'
    """

    def __init__(self, path, x, condition=None, writes=True):
        super().__init__()
        self.path = path
        self.examples = x, condition
        self.writes = writes

    def on_epoch_end(self, epoch, logs=None):
        kl = kl_by_unit(self.model, *self.examples)
        if not self.writes:
            return
        is_new = not self.path.exists()
        with self.path.open("a", newline="") as file:
            table = csv.writer(file)
            if is_new:
                table.writerow(["epoch", *(f"unit_{unit}" for unit in range(len(kl)))])
            table.writerow([epoch, *kl])


class CodeUsage(keras.callbacks.Callback):
    """Adds `perplexity` and `used_codes` (in percent) of a tokenizer to the logs of every epoch.

    Args:
        x: training examples.

    >>> from kerasgen import bottlenecks, likelihoods, networks
    >>> tokenizer = kerasgen.families.DiscreteAutoencoder(
    ...     [8, 8, 1], networks.GridEncoder((4,), (1,)), bottlenecks.FiniteScalar((3, 3)),
    ...     networks.GridDecoder(1, (4,), (1,)), likelihoods.Bernoulli())
    >>> x = np.ones((4, 8, 8, 1), "float32")
    >>> tokenizer.compile("adam")
    >>> sorted(tokenizer.fit(x, verbose=0, callbacks=[CodeUsage(x)]).history)
    ['loss', 'perplexity', 'reconstruction', 'used_codes']
    """

    units: dict[str, str] = {"perplexity": "codes", "used_codes": "%"}

    def __init__(self, x):
        super().__init__()
        self.examples = ops.convert_to_numpy(x)

    def on_epoch_end(self, epoch, logs=None):
        figures = codes.usage(codes.count(self.model, self.examples))
        logs.update({name: figure.value for name, figure in figures.items()})


class CollapseMonitor(keras.callbacks.Callback):
    """Logs once an epoch what shows that an adversarial game is lost, and warns of it in one line
    on stderr.

    - `critic_separation`: probability that the critic scores a real example above a sample, by all
      pairs of them, ties counted half; 0.5 where it cannot tell them apart. Near 1, generators of
      divergences with a bound learn little.
    - `sample_diversity`: mean squared distance of two samples, as a share of that of two real
      examples; near 0 where the generator has collapsed to a point.

    Args:
        x, condition: training examples of an adversarial model, at least 2.

    >>> from kerasgen import divergences, networks
    >>> gan = kerasgen.families.AdversarialModel(
    ...     [4, 4, 1], networks.MLP((4, 4, 1), (4,)), networks.MLP((1,), (4,)),
    ...     divergences.Hinge(), latent_dim=2)
    >>> monitor, logs = CollapseMonitor(np.random.rand(8, 4, 4, 1)), {}
    >>> monitor.set_model(gan)
    >>> monitor.on_epoch_end(0, logs)
    >>> sorted(logs)
    ['critic_separation', 'sample_diversity']
    """

    units: dict[str, str] = dict.fromkeys(("critic_separation", "sample_diversity"), "share")

    def __init__(self, x, condition=None):
        super().__init__()
        self.real = ops.convert_to_tensor(x)
        self.condition = condition

    def on_epoch_end(self, epoch, logs=None):
        fake = self.model.sample(len(self.real), self.condition, seed=0)
        real_scores, fake_scores = (
            ops.convert_to_numpy(self.model.score(x, self.condition)) for x in (self.real, fake)
        )
        separation = float(0.5 + np.mean(np.sign(real_scores[:, None] - fake_scores)) / 2)
        variances = [np.sum(np.var(ops.convert_to_numpy(x), axis=0)) for x in (self.real, fake)]
        diversity = float(variances[1] / variances[0])
        logs.update(critic_separation=separation, sample_diversity=diversity)
        if self.model.divergence.saturates and separation > _SATURATED:
            self._warn(
                epoch,
                f"the critic is right about {separation:.1%} of pairs, real and sample; lower its "
                "rate",
            )
        if diversity < _COLLAPSED:
            self._warn(
                epoch,
                f"samples have {diversity:.0%} of the data's variance: the generator has collapsed",
            )

    def _warn(self, epoch, what):
        print(f"kerasgen: warning: epoch {epoch + 1}: {what}.", file=sys.stderr)
