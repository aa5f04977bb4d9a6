"""The KL of codes in three parts (Chen and others 2018, arXiv 1802.04942)."""

from keras import ops

from kerasgen import backend


def kl_parts(z, posterior, prior, dataset_size):
    """Mutual information, total correlation and dimension-wise KL at codes z `[B, D]`, each `[B]`
    in nats.

    The estimate of q(z_i) is unbiased: x_i makes up 1 / N of the training set of N, and the other
    examples of the batch stand for the rest. It is the mean over all orders of the batch of
    minibatch stratified sampling (Chen and others 2018, appendix). Minibatch weighted sampling
    would shift the total correlation by (D - 1) log N nats.

    Args:
        z: a draw of each posterior.
        posterior: q(z | x_i), of independent Gaussian dimensions, batch shape `[B]`.
        prior: p(z), of independent Gaussian dimensions.
        dataset_size: N.

    >>> posterior = backend.tfd.Normal(np.zeros((4, 2), "float32"), 1.0)
    >>> parts = kl_parts(np.ones((4, 2), "float32"), posterior, posterior, dataset_size=4)
    >>> [tuple(part.shape) for part in parts], bool(np.allclose(sum(parts), 0.0))
    ([(4,), (4,), (4,)], True)
    """

    def log_density(z, distribution):
        return backend.tfd.Normal(distribution.mean(), distribution.stddev()).log_prob(z)

    batch = ops.shape(z)[0]
    share = (1 - 1 / dataset_size) / ops.maximum(ops.cast(batch, "float32") - 1, 1)
    weights = ops.where(ops.eye(batch) > 0, 1 / dataset_size, share)
    pairs = log_density(z[:, None], posterior)  # log q(z_id | x_j), [B, B, D]
    log_q = ops.logsumexp(ops.log(weights) + ops.sum(pairs, axis=-1), axis=1)
    log_q_dimensions = ops.sum(ops.logsumexp(ops.log(weights)[..., None] + pairs, axis=1), axis=-1)
    log_posterior = ops.sum(log_density(z, posterior), axis=-1)
    log_prior = ops.sum(log_density(z, prior), axis=-1)
    return log_posterior - log_q, log_q - log_q_dimensions, log_q_dimensions - log_prior
