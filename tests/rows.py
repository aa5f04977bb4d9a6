"""The rows of the conformance table: a builder of every family and network."""

from own_family import IndependentPixels
from tiny import (
    tiny_attribute_classifier,
    tiny_autoencoder,
    tiny_autoregressive,
    tiny_autoregressive_of_patches,
    tiny_classifier,
    tiny_gan,
    tiny_grid_two_stage,
    tiny_hierarchical,
    tiny_ladder,
    tiny_mixture,
    tiny_mlp_vae,
    tiny_pixel_vae,
    tiny_self_conditioned,
    tiny_tokenizer,
    tiny_two_stage,
    tiny_vae,
)
from two_stage import guidable

from kerasgen import bottlenecks, divergences, likelihoods, networks, objectives, regularizers

MODELS = {  # name: builder. The data are digits, with their labels where the model has classes.
    "vae": tiny_vae,
    "conditional_vae": lambda: tiny_mlp_vae(
        likelihoods.Gaussian("shared"), objectives.ELBO(2.0, warmup_steps=9), 10
    ),
    "conditional_prior": lambda: tiny_mlp_vae(
        num_classes=10, bottleneck=bottlenecks.ConditionalGaussian(4, 10)
    ),
    "flow_prior": lambda: tiny_mlp_vae(
        num_classes=10, bottleneck=bottlenecks.FlowGaussian(4, 10, couplings=2, hidden=8)
    ),
    "flow_posterior": lambda: tiny_mlp_vae(
        bottleneck=bottlenecks.FlowPosterior(4, networks.Planar(2), context=3)
    ),
    "iwae": lambda: tiny_mlp_vae(likelihoods.DiscretizedLogistic(2, levels=17), objectives.IWAE(3)),
    "hierarchical": tiny_hierarchical,
    "deep_gaussian": lambda: tiny_hierarchical(bottlenecks.DeepGaussian),
    "ladder": tiny_ladder,
    "pixel_vae": tiny_pixel_vae,
    "autoencoder": tiny_autoencoder,
    "mixture": tiny_mixture,
    "gan": tiny_gan,
    "conditional_wgan": lambda: tiny_gan(
        divergences.Wasserstein(), [regularizers.GradientPenalty()], 10, "layer", critic_steps=2
    ),
    "self_conditioned_gan": tiny_self_conditioned,
    "spectral_gan": lambda: tiny_gan(divergences.Hinge(), spectral=True),
    "autoregressive": tiny_autoregressive,
    "conditional_autoregressive": lambda: tiny_autoregressive(10),
    "pixelcnnpp": lambda: tiny_autoregressive_of_patches("PixelCNNPlusPlus"),
    "row_lstm": lambda: tiny_autoregressive_of_patches("RowLSTM"),
    "diagonal_bilstm": lambda: tiny_autoregressive_of_patches("DiagonalBiLSTM"),
    "causal_transformer": lambda: tiny_autoregressive_of_patches("CausalTransformer"),
    "discrete_vae": lambda: tiny_tokenizer("gumbel"),
    "vq_vae": lambda: tiny_tokenizer("vq"),
    "finite_scalar": lambda: tiny_tokenizer("fsq"),
    "two_stage": tiny_two_stage,
    "grid_two_stage": tiny_grid_two_stage,
    "conditional_two_stage": lambda: tiny_two_stage("classes"),
    "text_two_stage": lambda: tiny_two_stage("text"),
    "guided_two_stage": lambda: guidable("classes", event_shape=(8, 8, 1), guidance=2.0),
    "classifier": tiny_classifier,
    "attribute_classifier": tiny_attribute_classifier,
    "own_family": lambda: IndependentPixels([8, 8, 1]),
}
# Rows whose training step has no operation that another row's lacks: they differ by the network, or
# have fewer of another's parts. XLA and replicas meet the others.
SAME_STEPS = (
    "conditional_prior",  # flow_prior has its normals of each class, and a flow
    "autoencoder",  # vae
    "spectral_gan",  # self_conditioned_gan, conditional_wgan
    "autoregressive",  # conditional_autoregressive
    *("pixelcnnpp", "row_lstm", "diagonal_bilstm", "causal_transformer"),
    *("two_stage", "grid_two_stage", "conditional_two_stage"),  # text_two_stage, guided_two_stage
    "classifier",  # attribute_classifier
    "own_family",
)
# Rows whose family has another row: XLA and replicas meet these among the slow tests.
VARIANTS = (
    *("conditional_vae", "flow_prior", "iwae", "deep_gaussian", "ladder", "pixel_vae"),  # vae
    *("flow_posterior", "hierarchical"),
    *("gan", "self_conditioned_gan"),  # conditional_wgan
    *("discrete_vae", "finite_scalar"),  # vq_vae
    "text_two_stage",  # guided_two_stage
)
# Rows whose exported files have no operation that another row's lack: how a model was trained is
# not in them. The slow tests write their TFLite files, each of which is made of a SavedModel.
SAME_FILES = (
    *("conditional_prior", "iwae", "flow_posterior", "hierarchical"),  # flow_prior, deep_gaussian
    "autoencoder",  # vae
    *("gan", "self_conditioned_gan", "spectral_gan"),  # conditional_wgan
    *("autoregressive", "pixelcnnpp", "row_lstm", "diagonal_bilstm", "causal_transformer"),
    "finite_scalar",  # vq_vae
    *("two_stage", "grid_two_stage", "conditional_two_stage", "text_two_stage"),
    *("classifier", "own_family"),
)
