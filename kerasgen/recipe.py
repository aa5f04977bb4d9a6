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
import functools
import operator
import re
from typing import Any

from kerasgen import documents, durable

_NAME = re.compile(r"[^\W_][\w.-]{0,99}")  # as a folder may be called anywhere
_SEEDS = 2**32  # of numpy's and Keras' generators
UNKNOWN = "unknown"  # the data of a model that was trained by `fit`


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
        imports: modules that register classes of the model that are not kerasgen's; None without.
            Nothing imports them unasked.

    >>> Recipe.load(kerasgen.zoo.folder("gmm_ring") / "recipe.yaml").data["name"]
    'ring'
    """

    name: str
    data: dict
    model: dict
    training: dict
    seed: int = 0
    title: str = ""
    lesson: str = ""
    imports: list | None = None

    @classmethod
    def load(cls, path):
        """Reads a recipe file.

        Raises:
            FileNotFoundError: no such file.
            ValueError: the file is not YAML, or has missing or unknown keys.
        """
        return cls.parse(documents.content(path, "a YAML recipe"), path)

    @classmethod
    def parse(cls, text, source: Any = "recipe"):
        """The recipe that a YAML text is.

        Raises:
            ValueError: not YAML, or missing or unknown keys.
        """
        try:
            values = documents.read_yaml(text)
        except ValueError as error:
            raise ValueError(
                f"Expected a YAML recipe. Received: {source}, which is not YAML that a recipe may "
                f"hold: {error}."
            ) from None
        return cls.from_dict(values, source)

    @classmethod
    def from_dict(cls, values, source: Any = "recipe"):
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
        _check_fields(values, source)
        return cls(**values)

    def to_dict(self):
        values = dataclasses.asdict(self)
        return values if self.imports else {k: v for k, v in values.items() if k != "imports"}

    def save(self, path):
        durable.write_text(path, documents.write_yaml(self.to_dict(), width=120))

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
            node = functools.reduce(operator.getitem, known[key][:-1], values)
            node[known[key][-1]] = _setting(setting, value)
        return Recipe.from_dict(values, "the recipe with these settings")

    def differences(self, other):
        """Keys whose values differ, as `{"training.epochs": (mine, theirs)}`."""
        mine, theirs = (_flat(recipe.to_dict()) for recipe in (self, other))
        pairs = {key: (mine.get(key), theirs.get(key)) for key in mine | theirs}
        return {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}

    @classmethod
    def of(cls, model, name, foreign=None):
        """The recipe of a model that was trained by `fit`, which knows neither data nor schedule.

        Raises:
            ValueError: a part that recipes cannot name, of which `foreign` says nothing either, as
                `kerasgen.registration.described` takes it.
        """
        from kerasgen.registration import described

        data = {"name": UNKNOWN, "batch_size": 64}
        if model.condition.encoded_size:
            data["labels"] = True
        name = re.sub(r"[^\w.-]", "_", name).lstrip("_.-")[:100] or "mine"
        title = f"{type(model).__name__} that was trained by fit"
        return cls(name, data, described(model, foreign), {}, title=title)

    def event(self):
        """What an example of the model is."""
        from kerasgen import events

        (arguments,) = self.model.values()
        return events.of(build(arguments["event"], self.imports))

    def build(self):
        """The model, its weights initialised from the seed."""
        import keras

        keras.utils.set_random_seed(self.seed)
        return build(self.model, self.imports)


def _check_fields(values, source):
    """Refuses a name that is a path, a title of several lines, a seed that is none."""
    name, seed, data = values["name"], values.get("seed", 0), values["data"]
    size, imports = data["batch_size"], values.get("imports") or []
    word = f"name in {source} to be letters, digits, '_', '-' and '.', at most 100, the first a "
    _expect(isinstance(name, str) and _NAME.fullmatch(name), f"{word}letter or a digit", name)
    for key in ("title", "lesson"):
        text = values.get(key, "")
        is_line = isinstance(text, str) and text.isprintable() and len(text) <= 500
        _expect(is_line, f"{key} in {source} to be one line of at most 500 characters", text)
    is_size = isinstance(size, int) and not isinstance(size, bool) and size >= 1
    _expect(is_size, f"data.batch_size in {source} to be an integer of at least 1", size)
    is_text = isinstance(data["name"], str)
    _expect(is_text, f"data.name in {source} to be the name of a set", data["name"])
    are_modules = isinstance(imports, list) and all(_is_module(each) for each in imports)
    _expect(are_modules, f"imports in {source} to be a list of names of modules", imports)
    is_seed = isinstance(seed, int) and not isinstance(seed, bool) and 0 <= seed < _SEEDS
    _expect(is_seed, f"seed in {source} to be an integer from 0 to {_SEEDS - 1}", seed)


def _expect(holds, what, received):
    if not holds:
        raise ValueError(f"Expected {what}. Received: {str(received)[:100]!r}.")


def _is_module(name):
    return isinstance(name, str) and all(part.isidentifier() for part in name.split("."))


def _setting(setting, value):
    try:
        return documents.read_yaml(value)
    except ValueError as error:
        raise ValueError(
            f"Expected key=value with a value in YAML. Received: {setting!r}: {error}."
        ) from None


def build(config, imports=None):
    """The object that a recipe's `{"package.Class": {arguments}}` stands for.

    Only classes that `kerasgen.register` knows can be named, so a recipe can run no other code.

    Args:
        config: of a recipe.
        imports: modules that an error asks for.

    Raises:
        ValueError: a class that kerasgen does not have, or arguments that it does not take.

    >>> build({"families.Mixture": {"event": [2], "num_components": 3}}).event_shape
    (2,)
    """
    from kerasgen.registration import CLASSES  # imports Keras

    if isinstance(config, list):
        return [build(item, imports) for item in config]
    if not isinstance(config, dict):
        return config
    if "class_name" in config:
        raise ValueError(
            "Expected parts of a recipe as {package.Class: {arguments}}. Received: "
            f"{config['class_name']!r} in Keras' own form, which can name other code."
        )
    name, *others = config or {"": None}
    if others or "." not in name:
        return {key: build(value, imports) for key, value in config.items()}
    if name not in CLASSES and imports:
        raise ValueError(
            f"Expected {name}, which {', '.join(imports)} registers. Received: a recipe that names "
            "it, and no import of the module. Look at it, then import it, on the command line by "
            f"--import {imports[0]}."
        )
    if name not in CLASSES:
        raise ValueError(
            "Expected a class that kerasgen.registration.register knows in the recipe. "
            f"Received: {name!r}. Known: {sorted(CLASSES)}"
        )
    given = {} if config[name] is None else config[name]
    if not isinstance(given, dict):
        raise ValueError(
            f"Expected arguments of {name} by name in the recipe. Received: {str(given)[:100]!r}."
        )
    arguments = {key: build(value, imports) for key, value in given.items()}
    try:
        return CLASSES[name](**arguments)
    except TypeError as error:
        raise ValueError(f"{str(error).removesuffix('.')}. In the recipe, of {name}.") from error


def modules(config):
    """The modules, none of kerasgen's, that register classes of a recipe's `model`; or None.

    >>> modules({"families.Mixture": {"event": [2], "num_components": 3}}) is None
    True
    """
    from kerasgen.registration import CLASSES

    found = {CLASSES[name].__module__ for name in _keys(config) if name in CLASSES}
    return sorted(each for each in found if each.partition(".")[0] != "kerasgen") or None


def _keys(config):
    """The keys of all mappings in a recipe's `model`."""
    if isinstance(config, dict):
        return set(config).union(*map(_keys, config.values()))
    return set().union(*map(_keys, config)) if isinstance(config, list) else set()


def _leaves(values, path=()):
    """`{"dotted.key": path}` of all in nested dicts that is not itself a dict with entries."""
    if not isinstance(values, dict) or not values:
        return {".".join(path): path}
    return {k: leaf for name, v in values.items() for k, leaf in _leaves(v, (*path, name)).items()}


def _flat(values):
    paths = _leaves(values).items()
    return {key: functools.reduce(operator.getitem, path, values) for key, path in paths}
