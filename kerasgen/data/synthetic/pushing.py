"""A finger pushes a disc over a table: pictures, force and torque, and what is true of them.

The table is the square from -1 to 1, seen from above. A finger goes along a line at constant speed.
While it overlaps the disc it moves it: the disc is shifted out of the finger along the line between
their centres, and friction turns it by FRICTION times the finger's way along their rim. A sensor in
the finger feels the table's friction on the disc: it grows with the way that the disc has been
pushed, to 1, and acts along that line and, FRICTION as much, along the rim. Torque is that of a
finger of height `LEVER`, and about its own axis. Its noise is that of UCI's Robot Execution
Failures (Lopes and Camarinha-Matos 1998): independent from sample to sample, one to two hundredths
of what collisions give, in whole steps of as much.

An example is a moment: a picture, the last 32 samples of force and torque, 8 for each picture, and
where the finger is. All else of it is known exactly: how the disc lies, which pixel moves where
until the next picture, whether finger and disc touch then, and whether picture and force are of
the same moment: in half of the examples the force is that of another push.
"""

import dataclasses
import functools

import numpy as np

from kerasgen import checks
from kerasgen.data.synthetic.drawn import Drawn

SIDE, WINDOW, RATE = 64, 32, 8  # pixels; samples of force; samples for each picture
SIZES = {"train": 40_000, "test": 5_000}
FRICTION, LEVER = 0.4, 0.5
FLOW = 8  # pixels, the most that a picture of flow tells
_SEEDS = {"train": 0, "test": 1}
_STEPS = WINDOW + RATE  # the last 32 samples, and those to the next picture
_NOISE = 0.015
_CELLS = 16  # of a picture of flow, a side
_NUMBERS = 17  # that an example is drawn from
_BLOCK = 64  # examples drawn at once, which stay in a processor's cache
_SOFT = 0.05  # way of the disc over which friction grows
_FINGER = 0.12  # radius
_AXIS = ((np.arange(SIDE) + 0.5) / SIDE * 2 - 1).astype("float32")
_COLORS = np.array([[0.85, 0.2, 0.15], [0.1, 0.5, 0.85], [0.95, 0.75, 0.1], [0.2, 0.65, 0.3]], "f4")


@dataclasses.dataclass(frozen=True)
class Pushes:
    """N moments, by what they are drawn from.

    Attributes:
        start: of the finger, 40 samples before the next picture, `[N, 2]`.
        speed: of the finger, in a sample, `[N, 2]`.
        disc: where it lies at the start, and its angle, `[N, 3]`.
        radius: of the disc, `[N]`.
        color: of the disc, `[N, 3]`.
        light: brightness of the table, and its slope to the right and down, `[N, 3]`.
        noise: seed of the sensor's noise, `[N]`.
        other: whose force it has: the example's own position, or another, `[N]`.
        everything: all that `other` counts in, or None where these are all.

    >>> pushes = draw(4, seed=0)
    >>> pushes.camera().shape, pushes[:2].force().shape, pushes.joints().shape
    ((4, 64, 64, 3), (2, 32, 6), (4, 2))
    """

    start: np.ndarray
    speed: np.ndarray
    disc: np.ndarray
    radius: np.ndarray
    color: np.ndarray
    light: np.ndarray
    noise: np.ndarray
    place: np.ndarray
    other: np.ndarray
    everything: "Pushes | None" = None

    def __len__(self):
        return len(self.radius)

    def __getitem__(self, rows):
        names = [each.name for each in dataclasses.fields(self)][:-1]
        chosen = {name: getattr(self, name)[rows] for name in names}
        return Pushes(**chosen, everything=self.everything or self)

    @functools.cached_property
    def _motion(self):
        """Finger, disc with its angle, and the way that the disc went, at each of 41 samples."""
        finger, disc, way = self.start, self.disc.copy(), np.zeros(len(self), "float32")
        fingers, discs, ways = [finger], [disc], [way]
        for _ in range(_STEPS):
            finger = finger + self.speed
            apart = disc[:, :2] - finger
            distance = np.maximum(np.linalg.norm(apart, axis=1), 1e-6)
            depth = np.maximum(self.radius + _FINGER - distance, 0)
            normal = apart / distance[:, None]
            along = normal[:, 0] * self.speed[:, 1] - normal[:, 1] * self.speed[:, 0]
            turn = -FRICTION * along * (depth > 0) / self.radius
            disc = disc + np.column_stack([normal * depth[:, None], turn]).astype("float32")
            way = np.where(depth > 0, way + depth, 0).astype("float32")
            for samples, sample in zip((fingers, discs, ways), (finger, disc, way)):
                samples.append(sample)
        return tuple(np.stack(each, axis=1) for each in (fingers, discs, ways))

    def joints(self, at=WINDOW):
        """Where the finger is, to the right and down, `[N, 2]` float32; the table is -1..1.

        Args:
            at: the sample, 32 of the picture's moment and 40 of the next picture's.
        """
        return self._motion[0][:, at]

    def pose(self, at=WINDOW):
        """Of the disc: to the right, down, and its angle, `[N, 3]` float32; `at` as of `joints`."""
        return self._motion[1][:, at]

    def contact(self):
        """Whether finger and disc touch at the next picture, Boolean `[N]`."""
        return self._motion[2][:, -1] > 0

    def aligned(self):
        """Whether the force is that of the picture's moment, Boolean `[N]`."""
        return self.other == self.place

    def force(self):
        """Force and torque in each direction, `[N, 32, 6]` float32, at 8 samples a picture."""
        felt = (self.everything or self)[self.other]
        finger, disc, way = (each[:, 1 : WINDOW + 1] for each in felt._motion)
        apart = finger - disc[..., :2]
        normal = apart / np.maximum(np.linalg.norm(apart, axis=-1, keepdims=True), 1e-6)
        rim = np.stack([-normal[..., 1], normal[..., 0]], axis=-1)
        side = np.sign(np.sum(rim * felt.speed[:, None], axis=-1, keepdims=True))
        size = 1 - np.exp(-way / _SOFT)
        push = size[..., None] * (normal - FRICTION * side * rim)
        values = np.zeros((len(self), WINDOW, 6), "float32")
        values[..., :2] = push
        values[..., 2] = -0.2 * size
        values[..., 3], values[..., 4] = LEVER * push[..., 1], -LEVER * push[..., 0]
        values[..., 5] = _FINGER * FRICTION * (side[..., 0] * size)
        noise = [np.random.default_rng(seed).standard_normal((WINDOW, 6)) for seed in self.noise]
        return np.rint((values + _NOISE * np.array(noise)) / _NOISE).astype("float32") * _NOISE

    def camera(self, at=WINDOW):
        """Pictures `[N, 64, 64, 3]` uint8; `at` as of `joints`."""
        pictures = np.empty((len(self), SIDE, SIDE, 3), "uint8")
        for start in range(0, len(self), _BLOCK):
            pictures[start : start + _BLOCK] = self[start : start + _BLOCK]._render(at)
        return pictures

    def flow(self):
        """Pixels by which what is seen goes to the right and down until the next picture,
        `[N, 64, 64, 2]` float32; 0 of the table."""
        fingers, discs, _ = self._motion
        (right, down), on_disc, on_finger = self._coverage(WINDOW)
        turn = (discs[:, -1, 2] - discs[:, WINDOW, 2])[:, None, None]
        cosine, sine = np.cos(turn) - 1, np.sin(turn)
        shift = (discs[:, -1, :2] - discs[:, WINDOW, :2])[:, None, None]
        turned = np.stack([cosine * right - sine * down, sine * right + cosine * down], axis=-1)
        of_finger = (fingers[:, -1] - fingers[:, WINDOW])[:, None, None]
        moved = np.where(on_finger[..., None] > 0.5, of_finger, (shift + turned))
        seen = (on_finger > 0.5) | (on_disc > 0.5)
        return np.where(seen[..., None], moved * SIDE / 2, 0).astype("float32")

    def _coverage(self, at):
        """Each pixel from the disc's centre, and how much of it disc and finger cover."""
        fingers, discs, _ = self._motion
        right = _AXIS[None, None, :] - discs[:, at, 0, None, None]
        down = _AXIS[None, :, None] - discs[:, at, 1, None, None]
        to_finger = np.hypot(
            _AXIS[None, None, :] - fingers[:, at, 0, None, None],
            _AXIS[None, :, None] - fingers[:, at, 1, None, None],
        )
        edge = SIDE / 2
        radius = self.radius[:, None, None]
        on_disc = np.clip((radius - np.hypot(right, down)) * edge + 0.5, 0, 1)
        return (right, down), on_disc, np.clip((_FINGER - to_finger) * edge + 0.5, 0, 1)

    def _render(self, at):
        (right, down), on_disc, on_finger = self._coverage(at)
        angle = self._motion[1][:, at, 2, None, None]
        across = np.cos(angle) * right + np.sin(angle) * down
        along = np.cos(angle) * down - np.sin(angle) * right
        radius = self.radius[:, None, None]
        bar = np.clip((0.2 * radius - np.abs(along)) * SIDE / 2 + 0.5, 0, 1) * (across > 0)
        light = self.light[:, :, None, None]
        table = (
            light[:, 0] + light[:, 1] * _AXIS[None, None, :] + light[:, 2] * _AXIS[None, :, None]
        )
        picture = np.repeat(table[..., None], 3, axis=-1)
        disc = self.color[:, None, None] * (1 - 0.75 * bar[..., None])
        picture += on_disc[..., None] * (disc - picture)
        picture += on_finger[..., None] * (np.float32(0.1) - picture)
        return np.rint(255 * np.clip(picture, 0, 1)).astype("uint8")


def draw(count, seed):
    """`count` moments; each but for whose force it has depends on the seed and its position alone.

    Raises:
        ValueError: count below 1.

    >>> draw(50, seed=3).pose()[:2].tolist() == draw(2, seed=3).pose().tolist()
    True
    """
    count = checks.positive("count", count)
    columns = iter(np.random.default_rng(seed).random((count, _NUMBERS)).T)

    def between(low, high):
        return (low + (high - low) * next(columns)).astype("float32")

    radius, angle = between(0.2, 0.35), between(0, 2 * np.pi)
    disc = np.column_stack([between(-0.5, 0.5), between(-0.5, 0.5), between(-np.pi, np.pi)])
    heading = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    beside = np.stack([-heading[:, 1], heading[:, 0]], axis=1)
    gap, miss = between(-0.05, 0.6), between(-1.3, 1.3)
    miss = miss * (radius + _FINGER)  # some pass by
    behind = np.sqrt(np.maximum((radius + _FINGER) ** 2 - miss**2, 0)) + np.maximum(gap, 0.01)
    start = disc[:, :2] - heading * behind[:, None] + beside * miss[:, None]
    speed = heading * (between(0.2, 0.6) / _STEPS)[:, None]
    color = _COLORS[(len(_COLORS) * next(columns)).astype(int)] * between(0.8, 1)[:, None]
    light = np.column_stack([between(0.6, 0.85), between(-0.1, 0.1), between(-0.1, 0.1)])
    noise = (2**62 * next(columns)).astype("int64")
    place = np.arange(count)
    swapped = next(columns) < 0.5
    shift = 1 + ((count - 1) * next(columns)).astype(int) if count > 1 else np.zeros(1, int)
    other = np.where(swapped, (place + shift) % count, place)
    real = {"start": start, "speed": speed, "disc": disc, "radius": radius}
    real |= {"color": color, "light": light}
    real = {name: each.astype("float32") for name, each in real.items()}
    return Pushes(**real, noise=noise, place=place, other=other)


@functools.cache
def _drawn(part):
    return draw(SIZES[part], _SEEDS[part])


def split(part):
    """Examples of "train" or "test", `Drawn`, and whether they touch and are aligned `[N, 2]`.

    >>> examples, labels = split("test")
    >>> examples["force"][np.arange(2)].shape, labels.shape
    ((2, 32, 6), (5000, 2))
    """
    pushes = _drawn(part)

    def drawn(what, shape, dtype):
        return Drawn(lambda some: getattr(some, what)(), pushes, shape, dtype)

    examples = {
        "camera": drawn("camera", (SIDE, SIDE, 3), "uint8"),
        "force": drawn("force", (WINDOW, 6), "float32"),
        "joints": drawn("joints", (2,), "float32"),
    }
    return examples, np.stack([pushes.contact(), pushes.aligned()], axis=1).astype("int32")


def known(part):
    """Those of `split`, and what is known of them: "flow", "contact" and "aligned".

    Flow is a picture `[16, 16, 3]` of means over blocks of pixels: red how far these go to the
    right until the next picture, green how far down, 0.5 for none and 1 for `FLOW` pixels; blue the
    share of them that goes. Contact and alignment are classes, 0 for no.

    >>> examples, _ = known("test")
    >>> examples["flow"][np.arange(2)].shape, examples["contact"].shape
    ((2, 16, 16, 3), (5000,))
    """
    examples, labels = split(part)
    examples["flow"] = Drawn(_flow_picture, _drawn(part), (_CELLS, _CELLS, 3), "float32")
    return examples | dict(zip(("contact", "aligned"), labels.T)), labels


def _flow_picture(pushes):
    flow, size = pushes.flow(), SIDE // _CELLS
    goes = np.any(flow != 0, axis=-1, keepdims=True)
    values = np.concatenate([0.5 + flow / (2 * FLOW), goes], axis=-1, dtype="float32")
    cells = values.reshape(len(flow), _CELLS, size, _CELLS, size, 3).mean(axis=(2, 4))
    return np.clip(cells, 0, 1)
