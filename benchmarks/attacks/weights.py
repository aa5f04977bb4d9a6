"""Weights files that lead elsewhere, are larger than they are long, or hold what is no number."""

import h5py
import numpy as np

from attacks.registry import SECRET, WEIGHTS, attack, elsewhere


def _external(file, name, shape, other):
    file.create_dataset(name, shape, "float32", external=[(str(other), 0, 4 * int(np.prod(shape)))])


def _virtual(file, name, shape, other):
    layout = h5py.VirtualLayout(shape, "float32")
    layout[...] = h5py.VirtualSource(str(other), "secret", shape)
    file.create_virtual_dataset(name, layout)


def _soft(file, name, shape, other):
    file["elsewhere"] = np.zeros(shape, "float32")
    file[name] = h5py.SoftLink("/elsewhere")


def _link(file, name, shape, other):
    file[name] = h5py.ExternalLink(str(other), "secret")


def _reference(file, name, shape, other):
    file["region"] = np.zeros(3)
    file.create_dataset(name, shape, h5py.regionref_dtype)[...] = file["region"].regionref[:2]


def _text(file, name, shape, other):
    file.create_dataset(name, shape, h5py.string_dtype())[...] = b"0"


def _unwritten(file, name, shape, other):
    file.create_dataset(name, shape, "float32")


def _fill(file, name, shape, other):
    file.create_dataset(name, shape, "float32", fillvalue=SECRET)


def _packed(file, name, shape, other):
    file.create_dataset(name, shape, "float32", compression="gzip")[...] = 0


def _long_chunk(file, name, shape, other):
    file.create_dataset(
        name, shape, "float32", maxshape=(None,) * len(shape), chunks=(2**14,) * len(shape)
    )


@attack(
    external=_external,
    virtual=_virtual,
    soft_link=_soft,
    external_link=_link,
    region_reference=_reference,
    text=_text,
    unwritten=_unwritten,
    fill_value=_fill,
    compressed=_packed,
    long_chunk=_long_chunk,
)
def array(folder, make):
    with h5py.File(folder / WEIGHTS, "r+") as file:
        name, shape = "vars/1", file["vars/1"].shape
        del file[name]
        make(file, name, shape, elsewhere(folder, shape))


@attack(**{name: name for name in ("int8", "bool", "complex64", "float64", "int32", "S4")})
def array_of(folder, dtype):
    with h5py.File(folder / WEIGHTS, "r+") as file:
        values = file["vars/1"][()]
        del file["vars/1"]
        file["vars/1"] = values.astype(dtype)


@attack(
    nan=("float32", np.nan),
    infinity=("float32", np.inf),
    half_nan=("float16", np.nan),
    half_infinity=("float16", -np.inf),
)
def values(folder, kind):
    dtype, value = kind
    with h5py.File(folder / WEIGHTS, "r+") as file:
        array = file["vars/1"][()].astype(dtype)
        array.flat[-1] = value
        del file["vars/1"]
        file["vars/1"] = array


@attack(nested=1, wide=2, cyclic=3, twins=4)
def groups(folder, kind):
    with h5py.File(folder / WEIGHTS, "r+") as file:
        if kind == 1:
            group = file
            for _ in range(2000):
                group = group.create_group("g")
        elif kind == 2:
            for i in range(30_000):
                file.create_group(f"g{i}")
        elif kind == 3:
            file["again"] = file["/"]
        else:
            group = file
            for _ in range(40):  # 2**40 paths
                inner = group.create_group("a")
                group["b"] = inner
                group = inner


@attack
def more_arrays(folder):
    with h5py.File(folder / WEIGHTS, "r+") as file:
        file["vars/9"] = np.zeros(3, "float32")


@attack
def fewer_arrays(folder):
    with h5py.File(folder / WEIGHTS, "r+") as file:
        del file["vars/0"]


@attack(nothing=b"", text=b"weights", png=b"\x89PNG\r\n\x1a\n", signature=b"\x89HDF\r\n\x1a\n")
def weights_are(folder, content):
    (folder / WEIGHTS).write_bytes(content)
