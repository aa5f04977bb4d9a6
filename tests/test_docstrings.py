"""Examples in docstrings run, and give what they say; every public class and function has one.

`kerasgen`, `keras` and `np` are at hand in each, beside what its module defines and imports.
"""

import doctest
import importlib
import inspect
import pkgutil

import keras
import numpy as np
import pytest

import kerasgen

# Backends are chosen once a process; the presets are data.
_SKIPPED = (
    "kerasgen.backend.",
    "kerasgen.zoo.presets",
    "kerasgen.tokenization",
)  # Beam is an extra


def _modules():
    names = (module.name for module in pkgutil.walk_packages(kerasgen.__path__, "kerasgen."))
    return sorted(n for n in names if not n.startswith(_SKIPPED) and not n.endswith("__main__"))


# Modules with public names that lack an example: examples may be added, and a name then goes.
WITHOUT = {
    "kerasgen.backend",
    "kerasgen.batches",
    "kerasgen.cli",
    "kerasgen.cli.arguments",
    "kerasgen.cli.card",
    "kerasgen.cli.data",
    "kerasgen.cli.demo",
    "kerasgen.cli.evaluate",
    "kerasgen.cli.export",
    "kerasgen.cli.inputs",
    "kerasgen.cli.list_presets",
    "kerasgen.cli.probe",
    "kerasgen.cli.reconstruct",
    "kerasgen.cli.sample",
    "kerasgen.cli.tokenize",
    "kerasgen.cli.train",
    "kerasgen.cli.web",
    "kerasgen.data.synthetic.captions",
    "kerasgen.data.synthetic.drawn",
    "kerasgen.data.synthetic.scenes",
    "kerasgen.data.synthetic.shapes",
    "kerasgen.data.synthetic.toys",
    "kerasgen.data.tfds",
    "kerasgen.decoding",
    "kerasgen.export.conversion",
    "kerasgen.export.convert",
    "kerasgen.export.formats",
    "kerasgen.export.readme",
    "kerasgen.export.saved_models",
    "kerasgen.export.signatures",
    "kerasgen.export.tflite_files",
    "kerasgen.export.verification",
    "kerasgen.families.adversarial",
    "kerasgen.families.attributes",
    "kerasgen.families.autoencoder",
    "kerasgen.families.autoregressive",
    "kerasgen.families.classifier",
    "kerasgen.families.discrete",
    "kerasgen.families.game",
    "kerasgen.families.latent",
    "kerasgen.families.mixture",
    "kerasgen.families.mixture_files",
    "kerasgen.families.self_conditioned",
    "kerasgen.families.two_stage",
    "kerasgen.fitting",
    "kerasgen.likelihoods.base",
    "kerasgen.likelihoods.channelwise",
    "kerasgen.likelihoods.elementwise",
    "kerasgen.likelihoods.joint",
    "kerasgen.likelihoods.pixelwise",
    "kerasgen.model",
    "kerasgen.networks.attention",
    "kerasgen.networks.augmentation",
    "kerasgen.networks.autoregressive.causal",
    "kerasgen.networks.autoregressive.gated",
    "kerasgen.networks.autoregressive.lstm",
    "kerasgen.networks.autoregressive.pixelcnn",
    "kerasgen.networks.autoregressive.recurrent",
    "kerasgen.networks.autoregressive.sampler",
    "kerasgen.networks.autoregressive.transformer",
    "kerasgen.networks.conv",
    "kerasgen.networks.dcgan",
    "kerasgen.networks.dense",
    "kerasgen.networks.grid",
    "kerasgen.networks.heads",
    "kerasgen.networks.joint",
    "kerasgen.networks.layers",
    "kerasgen.networks.normalization",
    "kerasgen.networks.resnet",
    "kerasgen.networks.tiles",
    "kerasgen.networks.token_grid",
    "kerasgen.networks.tokens",
    "kerasgen.objectives",
    "kerasgen.recipe",
    "kerasgen.registration",
    "kerasgen.rendering",
    "kerasgen.reports.adversarial",
    "kerasgen.reports.base",
    "kerasgen.reports.classifier",
    "kerasgen.reports.exact",
    "kerasgen.reports.latent",
    "kerasgen.reports.monitors",
    "kerasgen.reports.tokenizer",
    "kerasgen.reports.two_stage",
    "kerasgen.text",
    "kerasgen.training.callbacks",
    "kerasgen.training.checkpoints",
    "kerasgen.training.schedule",
    "kerasgen.training.source",
    "kerasgen.training.start",
    "kerasgen.training.strategies",
    "kerasgen.watch",
    "kerasgen.zoo.archive",
    "kerasgen.zoo.facts",
    "kerasgen.zoo.hub",
    "kerasgen.zoo.judges",
    "kerasgen.zoo.loader",
    "kerasgen.zoo.manifest",
    "kerasgen.zoo.rounding",
    "kerasgen.zoo.weights",
    "kerasgen.zoo.writer",
}


def public(module):
    """Names of the classes and functions that a module defines for others."""
    return [
        name
        for name, value in vars(module).items()
        if (inspect.isclass(value) or inspect.isfunction(value))
        and value.__module__ == module.__name__
        and not name.startswith("_")
    ]


@pytest.mark.parametrize("name", _modules())
def test_examples_run(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(name)
    names = {**vars(module), "kerasgen": kerasgen, "keras": keras, "np": np}
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    for test in doctest.DocTestFinder(exclude_empty=True).find(module, name, extraglobs=names):
        keras.utils.set_random_seed(0)
        told = []
        runner.run(test, out=told.append)
        assert not runner.failures, "".join(told)


@pytest.mark.parametrize("name", _modules())
def test_what_is_public_has_an_example(name):
    module = importlib.import_module(name)
    examples = doctest.DocTestParser().get_examples
    lacking = [each for each in public(module) if not examples(vars(module)[each].__doc__ or "")]
    assert bool(lacking) == (name in WITHOUT), lacking or f"Take {name} off the list."
