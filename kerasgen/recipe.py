"""A recipe is everything that makes a run, as one YAML file: data, model, schedule and seed.

    name: vae_mnist
    seed: 0
    data: {name: mnist, binarize: dynamic, batch_size: 64}
    model:
      families.LatentVariableModel:
        event: [28, 28, 1]
        bottleneck: {bottlenecks.Gaussian: {latent_dim: 40}}
        ...
    training: {epochs: 100, learning_rate: 0.001}

In `model`, a mapping with one dotted key names a registered kerasgen class and gives its arguments.
Numbers are those of YAML 1.2: `1e-1` is one, `"1e-1"` is a text. Training and `zoo.load` build the
model from the recipe through the same function, so a preset cannot disagree with its recipe.
Reading one needs no Keras, building its model does.
"""

import copy
import dataclasses
import difflib
import pathlib
import re

import yaml

from kerasgen import durable


class _Loader(yaml.SafeLoader):
    """Reads as numbers also what YAML 1.1, to which PyYAML holds, calls texts: `1e-1`, `1E5`."""


class _Dumper(yaml.SafeDumper):
    """Quotes texts that `_Loader` would read as numbers."""


for _class in (_Loader, _Dumper):
    _number = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)[eE][-+]?[0-9]+$")
    _class.add_implicit_resolver("tag:yaml.org,2002:float", _number, list("-+.0123456789"))


def dump(values, **layout):
    """The YAML text of what a recipe is made of, in the order of its keys."""
    return yaml.dump(values, Dumper=_Dumper, sort_keys=False, **layout)


@dataclasses.dataclass
class Recipe:
    """Everything that makes a run.

    Attributes:
        name: of the preset that the run makes.
        data: arguments of `kerasgen.data.load` for the training set, `name` and `batch_size` at
            least.
        model: the model, as in the module's example.
        training: the schedule, arguments of `kerasgen.training.TrainingConfig`.
        seed: of initial weights, data order and noise.
        title: one line that says what the preset is.
        lesson: one line that says what it teaches by its faults, where it is shown for them.
    """

    name: str
    data: dict
    model: dict
    training: dict
    seed: int = 0
    title: str = ""
    lesson: str = ""

    @classmethod
    def load(cls, path):
        """Reads a recipe file.

        Raises:
            ValueError: the file is not YAML, or has missing or unknown keys.
        """
        text = pathlib.Path(path).read_text(encoding="utf-8")
        try:
            values = _Loader(text).get_single_data()
        except yaml.YAMLError as error:
            raise ValueError(
                f"Expected a YAML recipe. Received: {path}, which is not YAML: {error}"
            ) from None
        return cls.from_dict(values, path)

    @classmethod
    def from_dict(cls, values, source="recipe"):
        fields = {field.name: field for field in dataclasses.fields(cls)}
        required = {name for name, field in fields.items() if field.default is dataclasses.MISSING}
        if not isinstance(values, dict) or not required <= values.keys() <= fields.keys():
            keys = sorted(values) if isinstance(values, dict) else type(values).__name__
            raise ValueError(
                f"Expected the keys {sorted(fields)} ({sorted(required)} required) in {source}. "
                f"Received: {keys}."
            )
        sections = {"data": {"name", "batch_size"}, "model": set(), "training": set()}
        for name, needed in sections.items():
            section = values[name]
            if not isinstance(section, dict) or not needed <= section.keys():
                what = sorted(section) if isinstance(section, dict) else repr(section)
                keys = f" with {' and '.join(sorted(needed))}" if needed else ""
                raise ValueError(
                    f"Expected {name} in {source} to be a mapping{keys}. Received: {what}."
                )
        return cls(**values)

    def to_dict(self):
        return dataclasses.asdict(self)

    def save(self, path):
        durable.write_text(path, dump(self.to_dict(), width=120))

    def override(self, settings):
        """A copy with `"training.epochs=3"`-like settings applied; values are read as YAML.

        Raises:
            ValueError: a setting without "=", or a key that the recipe does not have (near ones are
                named).
        """
        values = copy.deepcopy(self.to_dict())
        for setting in settings:
            key, equals, value = setting.partition("=")
            known = _leaves(values)
            section, _, leaf = key.partition(".")
            # Arguments that the recipe leaves at their default can be set too.
            if leaf and section in ("data", "training"):
                known.setdefault(key, (section, leaf))
            if not equals or key not in known:
                near = difflib.get_close_matches(key, known, n=3, cutoff=0.4)
                raise ValueError(
                    f"Expected key=value with a key of the recipe. Received: {setting!r}. "
                    f"Near keys: {near}"
                )
            *parents, leaf = known[key]
            node = values
            for parent in parents:
                node = node[parent]
            node[leaf] = _Loader(value).get_single_data()
        return Recipe(**values)

    def differences(self, other):
        """Keys whose values differ, as `{"training.epochs": (mine, theirs)}`."""
        mine, theirs = (_flat(recipe.to_dict()) for recipe in (self, other))
        pairs = {key: (mine.get(key), theirs.get(key)) for key in mine | theirs}
        return {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}

    def build(self):
        """The model, its weights initialised from the seed."""
        import keras

        keras.utils.set_random_seed(self.seed)
        return build(self.model)


def build(config):
    """The object that a recipe's `{"package.Class": {arguments}}` stands for.

    Only classes that kerasgen registers can be named, so a recipe can run no other code.

    Raises:
        ValueError: a class that kerasgen does not have, or arguments that it does not take.
    """
    from kerasgen.registration import CLASSES  # imports Keras

    if isinstance(config, list):
        return [build(item) for item in config]
    if not isinstance(config, dict):
        return config
    name, *others = config or {"": None}
    if others or "." not in name:
        return {key: build(value) for key, value in config.items()}
    if name not in CLASSES:
        raise ValueError(
            "Expected a class that kerasgen.registration.register knows in the recipe. "
            f"Received: {name!r}. Known: {sorted(CLASSES)}"
        )
    arguments = {key: build(value) for key, value in (config[name] or {}).items()}
    try:
        return CLASSES[name](**arguments)
    except TypeError as error:
        raise ValueError(
            f"Expected arguments of {name} in the recipe. Received: {sorted(arguments)}: {error}"
        ) from error


def _leaves(values, path=()):
    """`{"dotted.key": path}` of all in nested dicts that is not itself a dict with entries."""
    if not isinstance(values, dict) or not values:
        return {".".join(path): path}
    return {
        key: leaf
        for name, value in values.items()
        for key, leaf in _leaves(value, (*path, name)).items()
    }


def _flat(values):
    def at(path):
        node = values
        for name in path:
            node = node[name]
        return node

    return {key: at(path) for key, path in _leaves(values).items()}
