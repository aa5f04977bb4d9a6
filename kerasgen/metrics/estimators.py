"""Four estimators of log p(x) of a latent-variable model, from the crudest to the most costly.

    prior sampling    log (1/k) sum_k p(x | z_k),   z_k from p(z)
    ELBO              (1/k) sum_k log w_k,          w = p(x, z) / q(z | x), z_k from q(z | x)
    IWAE              log (1/k) sum_k w_k           Burda and others 2016, arXiv 1509.00519
    AIS               log (1/k) sum_k w_k           Neal 2001, arXiv physics/9803008;
                                                    Wu and others 2017, arXiv 1611.04273

Prior sampling is unbiased in p(x), and hopeless in high dimensions, where hardly any z of the prior
explains x. A weight of AIS is that of a chain that moves from q(z | x) to p(z | x) through
intermediate densities by Hamiltonian Monte Carlo.

All are lower bounds in expectation; all but the ELBO converge to log p(x) with k.
`LatentVariableModel.elbo` and `log_prob` are the second and third; this module adds the others.
"""

import math
from typing import Any

from keras import ops

from kerasgen import backend, checks
from kerasgen.model import GenerativeModel

_DECODES_AT_ONCE = 1024


def prior_sampling(model: GenerativeModel, x: Any, num_samples: int, seed: int | None = None):
    """The brute-force estimate of log p(x), `[B]` in nats.

    Args:
        model: an unconditional latent-variable model.
        x: data `[B, *event_shape]`.
        num_samples: codes drawn from the prior; all examples share them.
        seed: an integer for repeatable draws, None for fresh ones.

    >>> from kerasgen import bottlenecks, likelihoods, networks
    >>> vae = kerasgen.LatentVariableModel(
    ...     [4, 4, 1], networks.MLP((4,), ()), bottlenecks.Gaussian(2), networks.MLP((4, 4, 1), ()),
    ...     likelihoods.Bernoulli())
    >>> prior_sampling(vae, keras.ops.ones((3, 4, 4, 1)), num_samples=10, seed=0).shape
    TensorShape([3])
    """
    checks.positive("num_samples", num_samples)
    x, _ = model.check(x)
    seeds = backend.draws(checks.seed(seed))
    total = -math.inf
    for done in range(0, num_samples, _DECODES_AT_ONCE):
        few = min(_DECODES_AT_ONCE, num_samples - done)
        z = model.bottleneck.sample(few, backend.next_seed(seeds))
        likelihood = model.decode(z[:, None])  # [k, 1], which broadcasts against the examples
        scores = ops.stack([ops.logsumexp(likelihood.log_prob(each[None])) for each in x])
        total = ops.logaddexp(total, scores)
    return total - math.log(num_samples)


def annealed_importance_sampling(
    model: GenerativeModel,
    x: Any,
    num_steps: int = 100,
    num_chains: int = 10,
    step_size: float = 0.25,
    leapfrog_steps: int = 5,
    seed: int | None = None,
):
    """The AIS estimate of log p(x), `[B]` in nats.

    Args:
        model: an unconditional latent-variable model.
        x: data `[B, *event_shape]`.
        num_steps: intermediate densities between q(z | x) and p(x, z).
        num_chains: chains k of each example.
        step_size: of the Hamiltonian Monte Carlo in units of the posterior's standard deviations.
        leapfrog_steps: of each move.
        seed: an integer for repeatable draws, None for fresh ones.

    >>> from kerasgen import bottlenecks, likelihoods, networks
    >>> vae = kerasgen.LatentVariableModel(
    ...     [4, 4, 1], networks.MLP((4,), ()), bottlenecks.Gaussian(2), networks.MLP((4, 4, 1), ()),
    ...     likelihoods.Bernoulli())
    >>> x = keras.ops.ones((3, 4, 4, 1))
    >>> annealed_importance_sampling(vae, x, num_steps=2, num_chains=1, leapfrog_steps=1).shape
    TensorShape([3])
    """
    counts = {"num_steps": num_steps, "num_chains": num_chains, "leapfrog_steps": leapfrog_steps}
    for name, value in counts.items():
        checks.positive(name, value)
    mcmc = backend.mcmc
    x, _ = model.check(x)
    seeds = backend.draws(checks.seed(seed))
    posterior, prior = model.encode(x), model.prior()
    scale = posterior.stddev()

    def kernel(target):
        return mcmc.HamiltonianMonteCarlo(target, step_size * scale, leapfrog_steps)

    @backend.function
    def log_weights(start, seed):
        _, weights, _ = mcmc.sample_annealed_importance_chain(
            num_steps=num_steps,
            proposal_log_prob_fn=posterior.log_prob,
            target_log_prob_fn=lambda z: prior.log_prob(z) + model.decode(z).log_prob(x),
            current_state=start,
            make_kernel_fn=kernel,
            seed=seed,
        )
        return weights

    start = posterior.sample(num_chains, seed=backend.next_seed(seeds))
    weights = log_weights(start, backend.next_seed(seeds))  # [num_chains, B]
    return ops.logsumexp(weights, axis=0) - math.log(num_chains)
