"""What a run reads: the training set of its recipe, by name or from a file."""

import dataclasses
import functools
import hashlib
import inspect
import pathlib

import keras
import numpy as np

from kerasgen import data as datasets

_ORDER = ("shuffle", "seed", "drop_remainder", "repeat", "start_step")  # which a run decides


@dataclasses.dataclass(frozen=True)
class Source:
    """The training set of a recipe, and where it is to be had here.

    Attributes:
        options: the recipe's `data`.
        npz: a file written by `kerasgen.data.save_npz`; None: the set is read by name.
        where: `data_dir` and `download` of `kerasgen.data.load`.

    >>> x, labels = Source({"name": "ring", "batch_size": 10}, None, {}).whole()
    >>> x.shape, labels
    ((10000, 2), None)
    """

    options: dict
    npz: pathlib.Path | None
    where: dict

    @functools.cached_property
    def opened(self):
        """The examples, read once however often a run looks at them."""
        split = self.options.get("split", "train")
        return datasets.open(self.options["name"], split, npz=self.npz, **self.where)

    def check_vocabulary(self, event):
        """Raises a ValueError where words have other numbers in the data than in a model."""
        mine, theirs = event.vocabulary, self.opened.event.vocabulary
        if mine is not None and (theirs is None or mine.words != theirs.words):
            received = "none" if theirs is None else f"another, {len(theirs.words):,} words"
            raise ValueError(
                f"Expected data of the recipe's vocabulary, {len(mine.words):,} words. Received: "
                f"{received}. Name the lines of text by --data, which are read by the recipe's."
            )

    def batches(self, **order):
        """Batches of NumPy arrays, in an order."""
        left_out = ("name", "split")
        options = {key: value for key, value in self.options.items() if key not in left_out}
        return self.opened.batches(**options | order)

    def for_fit(self, **order):
        """The batches as Keras' `fit` takes them: of a set with a name, a `tf.data.Dataset`."""
        batches = self.batches(**order)
        return batches if self.npz else batches.dataset()

    def call(self, **order):
        """The call that gives the batches to someone else, as a partial function."""
        options = {key: value for key, value in self.options.items() if key != "name"} | order
        if self.npz:
            name = self.options["name"]
            return functools.partial(datasets.from_npz, str(self.npz), name=name, **options)
        return functools.partial(datasets.load, self.options["name"], **options, **self.where)

    def whole(self):
        """The set as one array, and its labels or None."""
        batches = list(self.batches())
        if not self.options.get("labels"):
            return np.concatenate(batches), None
        examples, labels = zip(*batches)
        return np.concatenate(examples), np.concatenate(labels)

    def digest(self):
        """A text that equal examples have in common; of those that are drawn, the first say it."""
        digest = hashlib.sha256(repr((self.opened.event, self.opened.num_examples)).encode())
        for part in keras.tree.flatten((self.opened.stored, self.opened.labels)):
            if part is not None:
                values = part if isinstance(part, np.ndarray) else part[np.arange(len(part))[:100]]
                digest.update(np.ascontiguousarray(values).data)
        return digest.hexdigest()

    def held_out(self, split, batch_size=None):
        """The batches of another split, the same in every epoch."""
        opened = datasets.open(self.options["name"], split, npz=self.npz, **self.where)
        options = {
            "batch_size": batch_size or self.options.get("batch_size"),
            "labels": self.options.get("labels"),
            "binarize": "fixed" if self.options.get("binarize") else None,
        }
        return opened.batches(**options)

    def first(self, count, split=None):
        """The first examples, of another split where one is named, and their labels or None."""
        batches = self.held_out(split, count) if split else self.batches(batch_size=count)
        first = batches.batch(0)
        return first if self.options.get("labels") else (first, None)

    def epoch_steps(self, steps_per_execution, passes=1):
        """Steps of an epoch, a whole number of executions, and steps of an execution.

        Args:
            steps_per_execution: at most.
            passes: over the set, of an epoch.
        """
        size, batch_size = self.opened.num_examples, self.options["batch_size"]
        steps = size // batch_size
        if steps < 1:
            raise ValueError(
                f"Expected a batch_size of at most {size} examples. Received: {batch_size}."
            )
        steps *= passes
        per_execution = min(steps_per_execution, steps)
        return steps // per_execution * per_execution, per_execution


def of(options, npz=None, data_dir=None, download=False):
    """The source of a recipe's `data`, less where it lies.

    Args:
        options: of a recipe, `file` among them where it names one.
        npz: another file to read.
        data_dir, download: other ones than the recipe's.

    Where data lie does not tell one run from another, and a preset should not name folders of this
    machine.

    Raises:
        ValueError: `options` has keys that are no arguments of `kerasgen.data.load`.

    >>> of({"name": "ring", "batch_size": 10}).options["name"]
    'ring'
    """
    where = {
        "data_dir": data_dir or options.get("data_dir"),
        "download": download or options.get("download", False),
    }
    options = {key: value for key, value in options.items() if key not in (*where, "file")}
    functions = datasets.load, datasets.Batches
    taken = [key for function in functions for key in inspect.signature(function).parameters]
    known = [key for key in taken if key not in (*_ORDER, "options", "source")]
    if unknown := sorted(options.keys() - set(known)):
        raise ValueError(f"Expected keys of data in {known}. Received: {unknown}.")
    return Source(options, npz and pathlib.Path(npz), where)
