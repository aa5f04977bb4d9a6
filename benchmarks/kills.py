"""Kills commands at random moments, and runs them on full disks; counts what did not survive it.

    python benchmarks/kills.py [--kills 25] [--full 3] [--commands train card ...] [--seed 0]

Half of the kills come after a random amount of processor time, half at a random access to the file
system, where the narrow windows are. After each, every file that the command writes is the old one
or the new one, whole, and none that was there is gone. The same command is then run again: it must
succeed, leave nothing else behind, and write what a run that nobody killed writes, weights bit for
bit. A full disk is a small tmpfs, which needs root, or otherwise a limit on the size of files: the
command ends in one line.
"""

import argparse
import collections
import contextlib
import hashlib
import itertools
import os
import pathlib
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile

import numpy as np
from PIL import Image
from small_recipes import POINTS, TOKENIZER

import kerasgen
from kerasgen import cli, recipe
from kerasgen.zoo import manifest

Command = collections.namedtuple("Command", "words targets")  # what it is to put in place
COMMANDS = {
    "train": Command("train points.yaml --resume --out run", "run/preset"),
    "evaluate": Command("evaluate points --num-samples 3 --limit 40 --write", "points"),
    "card": Command("card points --write --note Rewritten.", "points"),
    "save": Command(
        "train points.yaml --out other --resume --set training.epochs=1", "other/preset"
    ),
    "sample": Command("sample points -n 50 --seed 0 --out samples.png", "samples.png"),
    "savedmodel": Command("export points --format savedmodel --out exported", "exported"),
    "tflite": Command("export points --format tflite --out points.tflite", "points.tflite"),
    "tokenize": Command(
        "tokenize tokenizer --input images --output ids --images-per-shard 8",
        "ids/ids-0000?-of-00003.tfrecord",
    ),
    "import": Command("data import images images.npz", "images.npz"),
    "export": Command("data export ring ring.npz", "ring.npz"),
}
# What holds times or names of its own: these files are compared by name, those not at all.
VARYING = {"metrics.json", "card.md", "manifest.json", "state.json", "before.json"}
VARYING |= {"saved_model.pb", "fingerprint.pb", "variables.index"}
VARYING |= {"variables.data-00000-of-00001"}  # of a SavedModel, which names its objects anew
UNCOMPARED = {"logs", ".lock"}
ACCESSES = {"open", "os.rename", "os.mkdir", "os.rmdir", "os.remove", "os.listdir", "ctypes.dlsym"}


def prepare(folder):
    """Makes what commands start from: recipes, presets, pictures, and earlier outputs of each."""
    for each in (POINTS, TOKENIZER):
        recipe.Recipe.from_dict(each).save(folder / f"{each['name']}.yaml")
    (folder / "images").mkdir()
    rng = np.random.default_rng(0)
    for i in range(24):
        pixels = rng.integers(0, 256, (8, 8), "uint8")
        Image.fromarray(pixels).save(folder / "images" / f"{i}.png")
    for name in ("points", "tokenizer"):
        run(folder, f"train {name}.yaml --out {name}.run").demand(0)
        (folder / f"{name}.run" / "preset").rename(folder / name)
        shutil.rmtree(folder / f"{name}.run")
    (folder / "samples.png").write_bytes(b"an earlier picture")
    (folder / "points.tflite").write_bytes(b"an earlier file")
    (folder / "images.npz").write_bytes(b"an earlier set")


class Ended(collections.namedtuple("Ended", "status said seconds accesses")):
    """How a command ended, its words on stderr, its processor time and accesses to files."""

    def demand(self, *statuses):
        if self.status not in statuses:
            raise SystemExit(f"expected status {statuses}, received {self.status}: {self.said}")
        return self


def run(folder, words, seconds=None, access=None, limit=None):
    """Runs a command in a fork of this process, which has imported all and computed nothing.

    It is killed after `seconds` of its processor time, or at its file access number `access`; its
    files may hold `limit` bytes.
    """
    with tempfile.TemporaryFile() as errors, tempfile.TemporaryFile() as counted:
        if not (child := os.fork()):
            _become(folder, words, errors.fileno(), counted.fileno(), seconds, access, limit)
        _, status, usage = os.wait4(child, 0)
        for file in (errors, counted):
            file.seek(0)
        accesses = int(counted.read() or 0)
        said = errors.read().decode(errors="replace")
    return Ended(os.waitstatus_to_exitcode(status), said, usage.ru_utime + usage.ru_stime, accesses)


def _become(folder, words, errors, counted, seconds, access, limit):
    """Runs a command, and ends this process."""
    status = 70
    try:
        os.chdir(folder)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(errors, 2)
        number = itertools.count(1)
        here = str(folder)

        def count(event, arguments):
            if event in ACCESSES and (event == "ctypes.dlsym" or _is_in(here, arguments)):
                at = next(number)
                os.pwrite(counted, b"%d" % at, 0)
                if at == access:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(count)
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        if seconds is not None:
            signal.setitimer(signal.ITIMER_PROF, seconds)  # whose signal ends a process at once
        cli.main(words.split())
        status = 0
    except SystemExit as end:
        status = end.code or 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        with contextlib.suppress(OSError):
            sys.stderr.flush()
        os._exit(status)


def _is_in(folder, arguments):
    path = arguments[0] if arguments else None
    if not isinstance(path, (str, bytes, os.PathLike)):
        return False
    return os.path.abspath(os.fsdecode(path)).startswith(folder)


def content(folder):
    """Every file of a folder by its path, with its checksum where equal runs give equal bytes."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if path.is_file() and not UNCOMPARED & set(name.parts):
            varies = path.name in VARYING
            found[str(name)] = None if varies else hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def faults(folder, command, before, after):
    """What is wrong with the targets of a command that ended early."""
    is_there = any(f"{name}/".startswith(f"{command.targets}/") for name in before)
    if is_there and not (folder / command.targets).exists():
        yield f"{command.targets} is gone"
    for target in folder.glob(command.targets):
        if target.is_dir() and (target / manifest.WEIGHTS).exists():
            with contextlib.suppress(manifest.PresetError):
                manifest.verify(target)
                continue
            yield f"{target.name} is no whole preset"
            continue
        name = str(target.relative_to(folder))
        now = content(folder)
        mine, old, new = (
            {path: said for path, said in each.items() if f"{path}/".startswith(f"{name}/")}
            for each in (now, before, after)
        )
        if mine not in (old, new):
            yield f"{name} is neither the old one nor the new one"


def try_once(name, made, whole, expected, ends, counts):
    """One early end of a command, then the command again; yields what is wrong."""
    command, before = COMMANDS[name], content(made)
    with disk(made, ends.pop("room", None)) as folder:
        ended = run(folder, command.words, **ends)
        is_full = "limit" in ends or folder.is_mount()
        counts["full disks" if is_full else "kills"] += ended.status != 0
        if is_full:
            said = [line for line in ended.said.splitlines() if line not in whole.said]
            if ended.status == 2 and len(said) != 1:
                yield f"said of a full disk: {ended.said[-2000:]}"
            elif ended.status not in (0, 2):
                yield f"ended with status {ended.status} on a full disk: {ended.said[-2000:]}"
        yield from faults(folder, command, before, expected)
        if folder.is_mount():
            subprocess.run(["mount", "-o", "remount,size=1g", folder], check=True)
        again = run(folder, command.words)
        if again.status:
            yield f"cannot be run again: {again.said}"
        elif (left := content(folder)) != expected:
            differing = {key for key in left | expected if left.get(key, 0) != expected.get(key, 0)}
            yield f"leaves other files than a run that nobody ended: {sorted(differing)[:5]}"


@contextlib.contextmanager
def disk(made, room):
    """A copy of a folder; with `room`, on a disk that has that many bytes left."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch, "work")
        folder.mkdir()
        if room is not None:
            used = sum(-(-path.stat().st_size // 4096) * 4096 for path in made.rglob("*"))
            options = f"size={used + 8192 + room}"
            subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", folder], check=True)
        try:
            shutil.copytree(made, folder, dirs_exist_ok=True)
            yield folder
        finally:
            if folder.is_mount():
                subprocess.run(["umount", "-l", folder], check=True)


def ends_of(name, whole, grown, args):
    """Where a command is to end, at random."""
    rng = random.Random(f"{args.seed} {name}")
    for i in range(args.kills):
        if i % 2:
            yield {"access": rng.randint(1, whole.accesses)}
        else:
            yield {"seconds": rng.uniform(0, whole.seconds)}
    for _ in range(args.full):
        share = rng.uniform(0, 1)
        yield {"room": int(share * grown)} if os.geteuid() == 0 else {"limit": int(share * 20_000)}


def main(argv=None):
    """Prints a row a command; returns how many ends there were, and how many had a fault."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=25, help="of each command")
    parser.add_argument("--full", type=int, default=3, help="full disks for each command")
    parser.add_argument("--commands", nargs="+", choices=COMMANDS, default=list(COMMANDS))
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(argv)
    kerasgen.register()
    total = collections.Counter()
    print("| command | kills | full disks | faults |\n| --- | ---: | ---: | ---: |", flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        made = pathlib.Path(scratch, "made")
        made.mkdir()
        prepare(made)
        for name in args.commands:
            counts = collections.Counter()
            with disk(made, None) as folder:
                whole = run(folder, COMMANDS[name].words).demand(0)
                expected = content(folder)
                size = sum(path.stat().st_size for path in folder.rglob("*"))
            grown = max(20_000, size - sum(path.stat().st_size for path in made.rglob("*")))
            for ends in ends_of(name, whole, grown, args):
                wrong = list(try_once(name, made, whole, expected, dict(ends), counts))
                counts["faults"] += bool(wrong)
                print("".join(f"{name}, {ends}: {line}\n" for line in wrong), end="", flush=True)
            shown = " | ".join(str(counts[kind]) for kind in ("kills", "full disks", "faults"))
            print(f"| {name} | {shown} |", flush=True)
            total += counts
    return total


if __name__ == "__main__":
    sys.exit(main()["faults"] > 0)
