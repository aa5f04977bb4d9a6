"""A recipe is everything that makes a run, as one readable YAML file: data, model, schedule and seed.

    name: vae_mnist
    seed: 0
    data: {name: mnist, binarize: dynamic, batch_size: 64}
    model:
      families.LatentVariableModel:
        event_shape: [28, 28, 1]
        bottleneck: {bottlenecks.Gaussian: {latent_dim: 40}}
        ...
    training: {epochs: 100, learning_rate: 0.001}

In `model`, a mapping with one dotted key names a registered kerasgen class and gives its arguments. Training and
`zoo.load` build the model from the recipe through the same function, so a preset cannot disagree with its recipe.
"""

import copy
import dataclasses
import difflib
import pathlib

import keras
import yaml


@dataclasses.dataclass
class Recipe:
    """Everything that makes a run.

    Attributes:
        name: of the preset that the run makes.
        data: arguments of `kerasgen.data.load` for the training set, `name` and `batch_size` at least.
        model: the model, as in the module's example.
        training: the schedule, arguments of `kerasgen.training.Schedule`.
        seed: of initial weights, data order and noise.
        title: one line that says what the preset is.
    """

    name: str
    data: dict
    model: dict
    training: dict
    seed: int = 0
    title: str = ""

    @classmethod
    def load(cls, path):
        """Reads a recipe file.

        Raises:
            ValueError: the file is not YAML, or has missing or unknown keys.
        """
        text = pathlib.Path(path).read_text(encoding="utf-8")
        try:
            values = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise ValueError(f"Expected a YAML recipe. Received: {path}, which is not YAML: {error}") from None
        return cls.from_dict(values, path)

    @classmethod
    def from_dict(cls, values, source="recipe"):
        fields = {field.name: field for field in dataclasses.fields(cls)}
        required = {name for name, field in fields.items() if field.default is dataclasses.MISSING}
        if not isinstance(values, dict) or not required <= values.keys() <= fields.keys():
            keys = sorted(values) if isinstance(values, dict) else type(values).__name__
            raise ValueError(
                f"Expected the keys {sorted(fields)} ({sorted(required)} required) in {source}. Received: {keys}."
            )
        for name, needed in (("data", {"name", "batch_size"}), ("model", set()), ("training", set())):
            section = values[name]
            if not isinstance(section, dict) or not needed <= section.keys():
                what = sorted(section) if isinstance(section, dict) else repr(section)
                keys = f" with {' and '.join(sorted(needed))}" if needed else ""
                raise ValueError(f"Expected {name} in {source} to be a mapping{keys}. Received: {what}.")
        return cls(**values)

    def to_dict(self):
        return dataclasses.asdict(self)

    def save(self, path):
        pathlib.Path(path).write_text(yaml.safe_dump(self.to_dict(), sort_keys=False, width=120), encoding="utf-8")

    def override(self, settings):
        """A copy with `"training.epochs=3"`-like settings applied; values are read as YAML.

        Raises:
            ValueError: a setting without "=", or a key that the recipe does not have (near ones are named).
        """
        values = copy.deepcopy(self.to_dict())
        for setting in settings:
            key, equals, value = setting.partition("=")
            known = _leaves(values)
            section, _, leaf = key.partition(".")
            if leaf and section in ("data", "training"):  # also arguments that the recipe leaves at their default
                known.setdefault(key, (section, leaf))
            if not equals or key not in known:
                near = difflib.get_close_matches(key, known, n=3, cutoff=0.4)
                raise ValueError(
                    f"Expected key=value with a key of the recipe. Received: {setting!r}. Near keys: {near}"
                )
            *parents, leaf = known[key]
            node = values
            for parent in parents:
                node = node[parent]
            node[leaf] = yaml.safe_load(value)
        return Recipe(**values)

    def differences(self, other):
        """Keys whose values differ, as `{"training.epochs": (mine, theirs)}`."""
        mine, theirs = (_flat(recipe.to_dict()) for recipe in (self, other))
        return {key: (mine.get(key), theirs.get(key)) for key in mine | theirs if mine.get(key) != theirs.get(key)}

    @property
    def is_binary(self):
        """Whether the pixels that the model is trained on are 0 or 1."""
        return self.data.get("binarize") is not None or self.data["name"] == "binarized_mnist"

    def build(self):
        """The model, its weights initialised from the seed."""
        keras.utils.set_random_seed(self.seed)
        return build(self.model)


def build(config):
    """The object that a recipe's `{"package.Class": {arguments}}` stands for.

    Only classes that kerasgen registers can be named, so a recipe can run no other code.

    Raises:
        ValueError: a class that kerasgen does not have, or arguments that it does not take.
    """
    if isinstance(config, list):
        return [build(item) for item in config]
    if not isinstance(config, dict):
        return config
    name, *others = config or {"": None}
    if others or "." not in name:
        return {key: build(value) for key, value in config.items()}
    package, _, class_name = name.rpartition(".")
    cls = keras.saving.get_registered_object(f"kerasgen.{package}>{class_name}")
    if cls is None:
        registered = [key for key in keras.saving.get_custom_objects() if key.startswith("kerasgen.")]
        names = sorted(key.removeprefix("kerasgen.").replace(">", ".") for key in registered)
        raise ValueError(f"Expected a kerasgen class in the recipe. Received: {name!r}. Known: {names}")
    arguments = {key: build(value) for key, value in (config[name] or {}).items()}
    try:
        return cls(**arguments)
    except TypeError as error:
        raise ValueError(
            f"Expected arguments of {name} in the recipe. Received: {sorted(arguments)}: {error}"
        ) from error


def _leaves(values, path=()):
    """`{"dotted.key": path}` of everything in nested dicts that is not itself a dict with entries."""
    if not isinstance(values, dict) or not values:
        return {".".join(path): path}
    return {key: leaf for name, value in values.items() for key, leaf in _leaves(value, (*path, name)).items()}


def _flat(values):
    def at(path):
        node = values
        for name in path:
            node = node[name]
        return node

    return {key: at(path) for key, path in _leaves(values).items()}
