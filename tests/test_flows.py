"""Invertible networks and their densities: against the Jacobian, TFP's bijectors and quadrature."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from kerasgen import bottlenecks, events, export, families, networks

FLOWS = {
    "real_nvp": lambda: networks.RealNVP(2, hidden=8),
    "autoregressive": lambda: networks.MaskedAutoregressive(2, hidden=8),
    "planar": lambda: networks.Planar(2),
}
every_flow = pytest.mark.parametrize("flow", FLOWS)


def bent(flow, size=3, context=2, scale=0.5):
    """A flow with random weights: new ones are the identity, or nearly so."""
    flow = FLOWS[flow]()
    flow.set_size(size)
    flow.build((None, size + context))
    random = np.random.default_rng(0)
    for weight in flow.weights:
        weight.assign(random.normal(0, scale, weight.shape))
    return flow


def points(n=20, size=3, context=2):
    rng = np.random.default_rng(1)
    return (rng.normal(size=(n, k)).astype("float32") for k in (size, context))


@every_flow
def test_it_inverts_and_its_slopes_are_those_of_the_jacobian(flow):
    flow, (u, context) = bent(flow), points()
    with tf.GradientTape() as tape:
        start = tf.constant(u)
        tape.watch(start)
        z = flow.forward(start, context)
    jacobian = tape.batch_jacobian(z, start).numpy()
    again, log_slopes = flow.inverse(z, context)
    np.testing.assert_allclose(again, u, atol=2e-3)
    assert not np.allclose(z, u, atol=0.1)
    expected = np.linalg.slogdet(jacobian)[1]
    np.testing.assert_allclose(np.sum(log_slopes, axis=-1), expected, atol=2e-3)


@every_flow
def test_a_gradient_passes_through_the_inverse(flow):
    flow, (z, context) = bent(flow), points(4)

    def value():
        u, log_slopes = flow.inverse(z, context)
        return tf.reduce_sum(u**2 / 2 + log_slopes)

    weight = flow.trainable_weights[0]
    with tf.GradientTape() as tape:
        loss = value()
    slope = tape.gradient(loss, weight.value)
    weight.assign_add(step := 1e-3 * np.sign(slope.numpy()))
    above = value()
    weight.assign_add(-2 * step)
    expected = (above - value()) / 2
    assert float(tf.reduce_sum(slope * step)) == pytest.approx(float(expected), rel=0.05)


def test_a_masked_step_is_that_of_tfp():
    tfb = pytest.importorskip("tensorflow_probability").bijectors
    from kerasgen.networks.flow_steps import Autoregression

    step = Autoregression(3, 8)
    step.build((None, 3))
    random = np.random.default_rng(0)
    for weight in step.weights:
        weight.assign(random.normal(0, 0.5, weight.shape))
    nothing = np.zeros((20, 0), "float32")

    def shift_and_log_scale(x):
        return step._log_scale_and_shift(x, nothing)[::-1]

    theirs, (u, _) = tfb.MaskedAutoregressiveFlow(shift_and_log_scale), points()
    z = theirs.forward(tf.constant(u))
    np.testing.assert_allclose(step.forward(u, nothing), z, atol=1e-5)
    expected = theirs.forward_log_det_jacobian(tf.constant(u), 1)
    found = np.sum(step.inverse(z, nothing)[1], axis=-1)
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_a_coupling_is_that_of_tfp():
    tfb = pytest.importorskip("tensorflow_probability").bijectors
    from kerasgen.networks.flow_steps import Coupling

    step = Coupling((1, 0, 0), 8)
    step.build((None, 3))
    for weight in step.weights:
        weight.assign(np.random.default_rng(0).normal(0, 0.5, weight.shape))
    nothing = np.zeros((20, 0), "float32")

    def shift_and_log_scale(first, units):
        whole = tf.pad(first, ((0, 0), (0, units)))
        log_scale, shift = step._log_scale_and_shift(whole, nothing)
        return shift[:, 1:], log_scale[:, 1:]

    theirs, (u, _) = tfb.RealNVP(1, shift_and_log_scale_fn=shift_and_log_scale), points()
    np.testing.assert_allclose(step.forward(u, nothing), theirs.forward(u), atol=1e-5)


@every_flow
def test_the_density_integrates_to_one(flow):
    keras.utils.set_random_seed(0)
    model = families.FlowModel([2], FLOWS[flow]())
    for weight in model.trainable_weights:
        weight.assign(np.random.default_rng(0).normal(0, 0.5, weight.shape))
    grid = np.linspace(-12, 12, 401, dtype="float32")
    where = np.stack(np.meshgrid(grid, grid), axis=-1).reshape(-1, 2)
    density = np.exp(np.asarray(model.log_prob(where), "float64"))
    assert density.sum() * (grid[1] - grid[0]) ** 2 == pytest.approx(1, abs=2e-3)
    drawn = np.asarray(model.sample(4000, seed=0))
    inside = np.all(np.abs(where) < 1, axis=-1)
    expected = density[inside].sum() * (grid[1] - grid[0]) ** 2
    found = np.mean(np.all(np.abs(drawn) < 1, axis=-1))
    assert found == pytest.approx(expected, abs=0.03)


def test_a_flow_learns_a_density_of_a_table_in_its_units():
    rng = np.random.default_rng(0)
    x = rng.normal([1000, 0.01], [50, 0.002], (512, 2)).astype("float32")
    table = events.Table(["price", "share"], x.mean(0).tolist(), x.std(0).tolist())
    model = families.FlowModel(table, networks.RealNVP(2, 8))
    exact = stats.norm.logpdf(x, x.mean(0), x.std(0)).sum(-1).mean()
    assert np.mean(model.log_prob(x)) == pytest.approx(exact, abs=1e-2)  # a new flow is a normal
    model.compile(keras.optimizers.Adam(1e-2))
    losses = model.fit(x, epochs=3, verbose=0).history["loss"]
    assert losses[-1] < -exact + 0.5
    model.event.check(model.sample(5, seed=0))


@every_flow
def test_its_files_agree(flow, tmp_path):
    pytest.importorskip("ai_edge_litert")
    model = families.FlowModel([2], FLOWS[flow](), condition=3)
    model.save(tmp_path / "model.keras")
    copy, x = keras.saving.load_model(tmp_path / "model.keras"), np.ones((4, 2), "float32")
    label = np.array([0, 1, 2, 2])
    np.testing.assert_array_equal(copy.log_prob(x, label), model.log_prob(x, label))
    assert set(export.saved_model(model, tmp_path / "saved").errors) == {"log_prob", "sample"}
    assert set(export.tflite(model, tmp_path / "model.tflite").errors) == {"log_prob", "sample"}


@every_flow
def test_a_posterior_has_the_kl_of_quadrature(flow):
    keras.utils.set_random_seed(0)
    bottleneck = bottlenecks.FlowPosterior(2, FLOWS[flow](), context=3, seed=0)
    bottleneck.build((None, 5))
    random = np.random.default_rng(0)
    for weight in bottleneck.weights:
        if weight.dtype == "float32":
            weight.assign(random.normal(0, 0.25, weight.shape))
    posterior = bottleneck.posterior(random.normal(size=(1, 5)).astype("float32"))
    grid = np.linspace(-10, 10, 401, dtype="float32")
    z = np.stack(np.meshgrid(grid, grid), axis=-1).reshape(-1, 1, 2)
    log_q = np.asarray(posterior.log_prob(z), "float64")[:, 0]
    area = (grid[1] - grid[0]) ** 2
    assert np.exp(log_q).sum() * area == pytest.approx(1, abs=5e-3)
    log_p = stats.norm.logpdf(z).sum(-1)[:, 0]
    exact = np.sum(np.exp(log_q) * (log_q - log_p)) * area
    drawn = posterior.sample(20_000, seed=(0, 0))
    found = float(bottleneck.terms(posterior, drawn)["kl"][0])
    assert found == pytest.approx(exact, abs=0.05)


def test_data_that_a_flow_has_no_density_of():
    with pytest.raises(ValueError, match="event of real numbers.*Received: Image"):
        families.FlowModel([4, 4, 1], networks.RealNVP(2, 8))
    with pytest.raises(ValueError, match="Expected flow to be"):
        families.FlowModel([2], networks.MLP([2], ()))
