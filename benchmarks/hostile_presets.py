"""What `kerasgen.zoo.load` does with presets that are damaged or made to do harm.

    python benchmarks/hostile_presets.py                      # every attack of attacks.py
    python benchmarks/hostile_presets.py --random 10000       # presets spoiled by corruptions.py

Each must be refused by a `PresetError` of one line, within 5 seconds and 1 GB of memory of the
process, TensorFlow's included. Or it loads: then its weights must be, value by value, those that
another reader finds in the file, and finite. Nothing may be started, connected to or unpickled.
Presets lie in a scratch folder; processes that are killed or crash count as faults.
"""

import argparse
import collections
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

SECONDS, BYTES = 5.0, 10**9
_STOP = 30.0, 6 * 10**9  # where a case is given up
_CODE = ("os.system", "os.exec", "os.posix_spawn", "os.spawn", "subprocess.Popen", "socket.connect")
_CODE += ("pickle.find_class",)


def main(words=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--random", type=int, metavar="N", help="N spoiled at random, instead")
    parser.add_argument("--seed", type=int, default=0, help="of the first process's")
    parser.add_argument("--each", type=int, default=500, help="cases to a process")
    parser.add_argument("--only", default="", help="attacks whose name holds this")
    parser.add_argument("--faults", action="store_true", help="list faults only")
    parser.add_argument("--json", metavar="FILE", help="append every case to a file")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    options = parser.parse_args(words)
    if options.worker:
        return _work(json.loads(options.worker))
    cases = _random(options) if options.random else _attacks(options)
    faults, kinds, worst = 0, collections.Counter(), {"seconds": 0.0, "bytes": 0}
    for case in cases:
        kinds[case["outcome"]] += 1
        faults += case["is_fault"]
        worst = {key: max(worst[key], case[key]) for key in worst}
        if case["is_fault"] or not (options.faults or options.random):
            print(_row(case), flush=True)
        if options.json:
            with open(options.json, "a") as file:
                print(json.dumps(case), file=file)
    print(
        f"{sum(kinds.values()):,} presets, {faults} faults; "
        + ", ".join(f"{count:,} {kind}" for kind, count in kinds.most_common())
        + f"; at most {worst['seconds']:.1f} s and {worst['bytes'] / 1e6:,.0f} MB."
    )
    return 1 if faults else 0


def _row(case):
    mark = "FAULT" if case["is_fault"] else "     "
    size = f"{case['seconds']:6.2f} s {case['bytes'] / 1e6:7,.0f} MB"
    return f"{mark} {case['name']:44} {size}  {case['outcome']}: {case['said'][:150]}"


def _attacks(options):
    import attacks

    names = [name for name in attacks.ATTACKS if options.only in name]
    while names:
        yield from _processed({"names": names}, names)


def _random(options):
    starts = range(0, options.random, options.each)
    for seed, start in enumerate(starts, options.seed):
        count = min(options.each, options.random - start)
        yield from _processed({"seed": seed, "count": count}, [])


def _processed(task, names):
    """What a process says of its cases; those it got to are taken from `names`."""
    command = [sys.executable, __file__, "--worker", json.dumps(task)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    errors = []
    reader = threading.Thread(target=lambda: errors.extend(process.stderr))
    reader.start()
    current = None
    for line in process.stdout:
        if not line.startswith('{"name"'):
            continue
        case = json.loads(line)
        current = case["name"]
        if "outcome" in case:
            names[:] = [name for name in names if name != current]
            current = None
            yield case
    code = process.wait()
    reader.join()
    if code or current:
        names[:] = [name for name in names if name != current]
        said = "".join(errors[-40:]) or f"exit status {code}"
        yield _case(current or str(task), f"process ended, {code}", said, 0.0, 0, True)


def _case(name, outcome, said, seconds, size, is_fault):
    return {
        "name": name,
        "outcome": outcome,
        "said": said,
        "seconds": seconds,
        "bytes": size,
        "is_fault": is_fault,
    }


def _work(task):
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras

    import kerasgen

    kerasgen.register()
    source = kerasgen.zoo.folder("gmm_ring")
    kerasgen.zoo.load(source)
    ran = []
    sys.addaudithook(lambda event, _: ran.append(event) if event in _CODE else None)
    assert keras.backend.backend()
    if "names" in task:
        import attacks

        for name in task["names"]:
            with tempfile.TemporaryDirectory() as scratch:
                path = attacks.spoiled(name, source, scratch)
                _judge(name, path, ran)
    else:
        _work_at_random(task, source, ran)
    return 0


def _work_at_random(task, source, ran):
    import corruptions
    from hypothesis import HealthCheck, Phase, given, seed, settings

    # Pictures are left out: they are neither parsed nor long in being compared.
    files = {n: (source / n).read_bytes() for n in corruptions.NAMES if n != "manifest.json"}
    files["manifest.json"] = corruptions.signature(files)
    numbers = iter(range(10**9))

    @seed(task["seed"])
    @settings(
        max_examples=task["count"],
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(corruptions.corrupted(files))
    def judge(drawn):
        content, signed = drawn
        with tempfile.TemporaryDirectory() as scratch:
            folder = pathlib.Path(scratch, "preset")
            folder.mkdir()
            for name, data in content.items():
                (folder / name).write_bytes(data)
            name = f"seed {task['seed']} case {next(numbers)}{', signed' * signed}"
            _judge(name, folder, ran, None if signed else source)

    judge()


def _judge(name, path, ran, expected=None):
    """Prints what loading a preset comes to."""
    import kerasgen

    print(json.dumps({"name": name}), flush=True)
    ran.clear()
    pathlib.Path("/proc/self/clear_refs").write_text("5")  # the peak is counted anew
    begun, done = time.monotonic(), threading.Event()
    watch = threading.Thread(target=_watch, args=(name, begun, done), daemon=True)
    watch.start()
    try:
        model = kerasgen.zoo.load(path)
        outcome, said = "loaded", ""
    except kerasgen.zoo.PresetError as error:
        outcome, said = "refused", str(error)
    except BaseException as error:  # whatever it is, it is a finding
        outcome, said = type(error).__name__, str(error)
    done.set()
    seconds, size = time.monotonic() - begun, _status("VmHWM")
    is_fault = outcome not in ("loaded", "refused") or seconds > SECONDS or size > BYTES
    if outcome == "loaded":
        said = _difference(model, expected or path)
        outcome = "loaded, which the file does not say" if said else "loaded as signed"
        is_fault |= bool(said) or "seed" not in name
    elif "\n" in said or not said.isprintable():
        is_fault, outcome = True, outcome + ", in several lines or with escapes"
    if ran:
        is_fault, outcome = True, f"ran {ran}"
    print(json.dumps(_case(name, outcome, said, seconds, size, bool(is_fault))), flush=True)


def _difference(model, path):
    """In what a loaded model is not the one whose weights lie in a file, or ""."""
    import h5py
    import numpy as np

    from kerasgen.zoo import weights

    with h5py.File(path / "model.weights.h5", "r") as file:
        for name, variable in weights.variables(model).items():
            ours, theirs = np.asarray(variable), np.asarray(file[name])
            if not np.array_equal(ours, theirs.astype(ours.dtype)):
                return f"{name} is not what the file holds"
            if ours.dtype.kind == "f" and not np.all(np.isfinite(ours)):
                return f"{name} is not finite"
            if file[name].dtype.kind != ours.dtype.kind:
                return f"{name} is {file[name].dtype} in the file"
    return ""


def _watch(name, begun, done):
    """Ends the process where a case takes too much."""
    while not done.wait(0.02):
        seconds, size = time.monotonic() - begun, _status("VmRSS")
        if seconds > _STOP[0] or size > _STOP[1]:
            case = _case(name, "given up", "", seconds, size, True)
            print(json.dumps(case), flush=True)
            os._exit(0)


def _status(key):
    """A line of this process's status, in bytes."""
    for line in pathlib.Path("/proc/self/status").read_text().splitlines():
        if line.startswith(key + ":"):
            return int(line.split()[1]) * 1024
    return 0


if __name__ == "__main__":
    sys.exit(main())
