"""What a code of camera, force and position keeps of the disc's pose, and under faults.

    python benchmarks/touch.py [pushing_encoder RUN/preset ...]

Each preset encodes 5,000 training moments, on whose code means the disc's place and the sine and
cosine of its angle are regressed: linearly, and by the 20 nearest codes. The 5,000 test moments are
told then: the share of variance told (R2), and the root mean square of the miss of the place, where
the table's side is 2. Faults of the test moments: a third of the camera covered by grey, a strip of
its width at a place of its own; a force sensor that is dead (zeros), one that is stuck (the first
sample of its window for ever). Beside them each sense alone.

The reconstructing VAE of equal size is trained by examples/recipes/pushing_vae.yaml.
"""

import argparse

import numpy as np
from sklearn.linear_model import Ridge
from sklearn.neighbors import KNeighborsRegressor

from kerasgen import data, zoo
from kerasgen.data.synthetic import pushing

COUNT, BLOCK = 5000, 500
SENSES = ("camera", "force", "joints")


def poses(split):
    """Place, cosine and sine of the angle, `[5000, 4]`."""
    pose = pushing.draw(pushing.SIZES[split], {"train": 0, "test": 1}[split]).pose()[:COUNT]
    return np.column_stack([pose[:, :2], np.cos(pose[:, 2]), np.sin(pose[:, 2])])


def covered(x):
    """A third of each picture in grey, columns or rows from a place of its own on."""
    camera, rng = np.array(x["camera"]), np.random.default_rng(0)
    width = camera.shape[1] // 3
    for picture, start, upright in zip(
        camera, rng.integers(camera.shape[1] - width, size=len(camera)), rng.random(len(camera))
    ):
        rows = slice(start, start + width)
        picture[(slice(None), rows) if upright < 0.5 else rows] = 0.5
    return x | {"camera": camera}


FAULTS = {
    "all senses": lambda x: x,
    "camera covered": covered,
    "force dead": lambda x: x | {"force": np.zeros_like(x["force"])},
    "force stuck": lambda x: x | {"force": np.repeat(x["force"][:, :1], x["force"].shape[1], 1)},
    "camera alone": lambda x: {"camera": x["camera"]},
    "force alone": lambda x: {"force": x["force"]},
    "force, joints": lambda x: {name: x[name] for name in ("force", "joints")},
}


def codes(model, source, fault):
    """Means of the code of the first examples, `[5000, D]`."""
    found = []
    for start in range(0, COUNT, BLOCK):
        x = source.read(np.arange(start, start + BLOCK))
        x = fault({name: x[name] for name in SENSES})
        found.append(np.asarray(model.whole(model.check(x)[0]).mean()))
    return np.concatenate(found)


def table(name):
    model = zoo.load(name)
    sources = {split: data.open("pushing", f"{split}[:{COUNT}]") for split in ("train", "test")}
    truth = {split: poses(split) for split in sources}
    known = codes(model, sources["train"], FAULTS["all senses"])
    probes = {"linear": Ridge(1.0), "nearest": KNeighborsRegressor(20, weights="distance")}
    for probe in probes.values():
        probe.fit(known, truth["train"])
    print(f"{name}: {model.count_params():,} parameters")
    for fault, spoil in FAULTS.items():
        unseen = codes(model, sources["test"], spoil)
        for how, probe in probes.items():
            missed = (probe.predict(unseen) - truth["test"]) ** 2
            r2 = 1 - missed.mean(0) / truth["test"].var(0)
            place = np.sqrt(missed[:, :2].sum(1).mean())
            print(
                f"  {fault:15} {how:8} R2 place {r2[:2].mean():6.3f} angle {r2[2:].mean():6.3f}, "
                f"place missed by {place:.4f}"
            )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("presets", nargs="*", default=["pushing_encoder"])
    for each in parser.parse_args().presets:
        table(each)
