"""The names under which Keras and recipes find classes, and the configuration of each.

A class is configured by the arguments of its constructor. `register` records them, so that no class
writes `get_config` by hand; nested parts are serialized with it.
"""

import difflib
import functools
import inspect
import types
import typing
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

import keras

Class = TypeVar("Class", bound=type)

CLASSES: dict[str, type] = {}  # all that recipes can name: "families.Mixture"
_ARGUMENTS = "__constructor_arguments"  # Keras looks for layers in attributes without underscores
_RENAMED = {"event_shape": "event", "num_classes": "condition"}  # for one release


def register(cls: Class) -> Class:
    """Registers a class as of the first two parts of its module: `kerasgen.networks>MLP`.

    A class without `get_config` gets one, and `from_config`, of its constructor's arguments.

    >>> CLASSES["networks.MLP"].__name__
    'MLP'
    """
    _record_arguments(cls)
    if isinstance(cls, type) and not _is_configured(cls):
        cls.get_config = get_config
        cls.from_config = classmethod(from_config)
    package = ".".join(cls.__module__.split(".")[:2])
    CLASSES[f"{package.removeprefix('kerasgen.')}.{cls.__name__}"] = cls
    return keras.saving.register_keras_serializable(package=package)(cls)


def arguments(self) -> dict[str, Any]:
    """The constructor's arguments, by name, as they were given.

    >>> arguments(kerasgen.bottlenecks.Gaussian(latent_dim=2))
    {'latent_dim': 2}
    """
    return getattr(self, _ARGUMENTS, {})


def get_config(self) -> dict[str, Any]:
    """The constructor's arguments, those that are parts serialized, and what Keras adds
    for layers.

    >>> get_config(kerasgen.bottlenecks.Gaussian(latent_dim=2))["latent_dim"]
    2
    """
    own = keras.Layer.get_config(self) if isinstance(self, keras.Layer) else {}
    return own | {name: _serialized(value) for name, value in getattr(self, _ARGUMENTS).items()}


def described(part: Any, foreign: Callable[[Any], Any] | None = None) -> Any:
    """What a recipe says of a part: its name and its constructor's arguments, where it has some.

    Args:
        part: a model, or anything in it.
        foreign: what is said of a part that recipes cannot name, such as a layer of Keras.

    Raises:
        ValueError: such a part, where nothing is said of it.

    >>> from kerasgen.bottlenecks import Gaussian
    >>> described(Gaussian(latent_dim=2))
    {'bottlenecks.Gaussian': {'latent_dim': 2}}
    """
    if isinstance(part, (list, tuple)):
        return [described(each, foreign) for each in part]
    if isinstance(part, dict):
        return {key: described(value, foreign) for key, value in part.items()}
    if part is None or isinstance(part, (bool, int, float, str)):
        return part
    if isinstance(part, keras.DTypePolicy):
        return part.name
    name = next((name for name, cls in CLASSES.items() if cls is type(part)), None)
    arguments = getattr(part, _ARGUMENTS, None)
    if name is not None and arguments is not None:
        return {name: {key: described(value, foreign) for key, value in arguments.items()}}
    if foreign is None:
        raise ValueError(
            "Expected parts that a recipe can name: kerasgen's, or your own after "
            f"kerasgen.register. Received: the class {type(part).__name__}. Make its layers a "
            "class of your own; without, model.save and commands that only use a .keras file work."
        )
    return foreign(part)


def from_config(cls, config: dict[str, Any]):
    """The object that `get_config` describes.

    >>> config = get_config(kerasgen.bottlenecks.Gaussian(latent_dim=2))
    >>> from_config(kerasgen.bottlenecks.Gaussian, config).latent_shape
    (2,)
    """
    deserialize = keras.saving.deserialize_keras_object
    return cls(**{name: deserialize(value) for name, value in config.items()})


def _is_configured(cls) -> bool:
    """Whether a class of kerasgen's, or Keras' optimizer, has a `get_config`."""
    owner = next((base for base in cls.__mro__ if "get_config" in vars(base)), None)
    if owner is None:
        return False
    return not owner.__module__.startswith("keras.") or issubclass(cls, keras.optimizers.Optimizer)


def _record_arguments(cls) -> None:
    constructor = cls.__init__
    signature, checks = _plain(constructor)
    catch_all = [p.name for p in signature.parameters.values() if p.kind is p.VAR_KEYWORD]

    @functools.wraps(constructor)
    def recording(self, *args, **kwargs):
        kwargs = _renamed(signature.parameters, kwargs)
        try:
            bound = signature.bind(self, *args, **kwargs)
        except TypeError as error:
            raise _told(cls, signature, kwargs, error) from None
        for name in checks.keys() & bound.arguments.keys():
            if bound.arguments[name] is not signature.parameters[name].default:
                bound.arguments[name] = checks[name](name, bound.arguments[name])
        try:
            constructor(*bound.args, **bound.kwargs)
        except (TypeError, ValueError) as error:
            if _says_itself(cls, signature, kwargs, error):
                raise
            raise _told(cls, signature, kwargs, error) from error
        if type(self) is cls:
            _, *given = bound.arguments.items()
            named = {name: value for name, value in given if name not in catch_all}
            others = {k: v for name, value in given if name in catch_all for k, v in value.items()}
            object.__setattr__(self, _ARGUMENTS, named | others)

    recording.__signature__ = signature  # which Keras reads, too
    cls.__init__ = recording


def _plain(constructor):
    """A signature with plain types, as help shows it, and the checks that its types came with."""
    signature, checks, plain = inspect.signature(constructor), {}, []
    for name, parameter in signature.parameters.items():
        kind, check = _check_of(_evaluated(parameter.annotation, constructor))
        if check:
            checks[name], parameter = check, parameter.replace(annotation=kind)
        plain.append(parameter)
    return signature.replace(parameters=plain), checks


def _evaluated(annotation, constructor):
    """A type, of the text that `from __future__ import annotations` leaves of it, too."""
    try:
        holder = types.SimpleNamespace(__annotations__={"_": annotation})
        names = getattr(constructor, "__globals__", {})
        return typing.get_type_hints(holder, names, include_extras=True)["_"]
    except Exception:  # names that only type checkers import, functions in the place of types
        return annotation


def _check_of(annotation):
    """The type without its check, and the check, which another type beside it rules out."""
    marks = getattr(annotation, "__metadata__", ())
    mark = next((each for each in marks if hasattr(type(each), "check_of")), None)
    if mark:
        return annotation.__origin__, mark.check_of(annotation.__origin__)
    if typing.get_origin(annotation) not in (typing.Union, types.UnionType):
        return annotation, None
    kinds = [each for each in typing.get_args(annotation) if each is not types.NoneType]
    kind, check = _check_of(kinds[0])
    if len(kinds) > 1 or not check:
        return annotation, None
    return kind | None, lambda name, value: value if value is None else check(name, value)


def _says_itself(cls, signature, given, error):
    """Whether an error goes through as it is: one that says what it expected, and of own classes.

    A base does not know which names of a class are near to one that neither takes.
    """
    said = str(error)
    of_base = said.startswith("Expected arguments that")
    if of_base and any(f"Received: {name}=" in said for name in _unknown(cls, signature, given)):
        return False
    ours = cls.__module__.startswith("kerasgen.") and type(error) in (TypeError, ValueError)
    return said.startswith("Expected") or not ours


def _told(cls, signature, given, error):
    """What a constructor's error says in a line."""
    takes, expected = _taken(signature), f"Expected arguments that {cls.__name__} takes"
    known = ", ".join(takes) or "none"
    if unknown := _unknown(cls, signature, given):
        name = min(unknown)
        near = difflib.get_close_matches(name, takes, n=3, cutoff=0.5)
        told = f"Near names: {', '.join(near)}." if near else f"Known: {known}."
        return TypeError(f"{expected}. Received: {name}={given[name]!r:.60}. {told}")
    return type(error)(f"{expected}: {known}. Received: {' '.join(str(error).split())}")


def _taken(signature):
    """Names of a constructor's arguments."""
    _, *parameters = signature.parameters.values()
    return [p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]


def _unknown(cls, signature, given):
    """Names that a class does not take, nor a base that it passes them on to."""
    passes_on = any(p.kind is p.VAR_KEYWORD for p in signature.parameters.values())
    return given.keys() - _taken(signature) - (_passed_on(cls) if passes_on else set())


def _passed_on(cls):
    """Names of arguments that the constructors of a class' bases take."""
    return {
        name for base in cls.__mro__[1:] for name in inspect.signature(base.__init__).parameters
    }


def _renamed(known, arguments):
    """Arguments under the names that they have today, with a warning of earlier ones."""
    for old in _RENAMED.keys() & arguments.keys():
        new = _RENAMED[old]
        if old not in known and new in known:
            warnings.warn(f"The argument {old} is called {new} now.", FutureWarning, stacklevel=4)
            arguments = {new if name == old else name: v for name, v in arguments.items()}
    return arguments


def _serialized(value):
    if isinstance(value, (list, tuple)):
        return [_serialized(item) for item in value]
    if isinstance(value, dict):
        return {key: _serialized(item) for key, item in value.items()}
    return keras.saving.serialize_keras_object(value)
