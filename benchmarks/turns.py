"""Training throughput of a model of kerasgen against the same model in plain PyTorch: what
`train_*.py` share.

Every leg is a process of its own, so that thread pools do not fight. All of them start and warm up
first, imports and compilation included; then they take short turns, A B A B, one at a time, so that
whatever else disturbs the machine disturbs all alike. A turn sums the times of its steps. Same
optimizers, batch and images in memory on both sides.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

from legs import LEGS, STEPS_PER_EXECUTION, keras_leg, pytorch_leg

DEFAULT_LEGS = ("keras", "pytorch", "keras-xla", "keras-bf16", "pytorch-bf16")


def main(task, arguments=None):
    """Runs the command, or the leg that it asks a process of its own for."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == ["--serve"]:
        return serve(task, *json.loads(arguments[1]))
    parser = argparse.ArgumentParser(description=task.title)
    legs = {"nargs": "+", "choices": LEGS, "default": DEFAULT_LEGS, "metavar": "LEG"}
    parser.add_argument("--legs", **legs, help=", ".join(LEGS))
    parser.add_argument(
        "--batch", type=int, default=task.batch_size, help="examples a step (default: %(default)s)"
    )
    parser.add_argument(
        "--steps", type=int, default=50, help="timed steps a turn, a multiple of 10"
    )
    parser.add_argument(
        "--seconds",
        type=float,
        default=3.0,
        help="of steps after which a slow leg's turn ends early",
    )
    parser.add_argument("--rounds", type=int, default=5, help="turns of each leg")
    parser.add_argument(
        "--threads", type=int, default=len(os.sched_getaffinity(0)), help="threads of each leg"
    )
    options = parser.parse_args(arguments)
    if options.steps < 1 or options.steps % STEPS_PER_EXECUTION:
        parser.error(
            f"Expected --steps to be a multiple of {STEPS_PER_EXECUTION}. Received: {options.steps}"
        )
    if {LEGS[name].framework for name in options.legs} != {"keras", "pytorch"}:
        parser.error(f"Expected legs of both frameworks. Received: {' '.join(options.legs)}")
    print(report(*measure(task, options), options))


def measure(task, options):
    """Runs all legs in turn; returns facts on machine and model, and every leg's turns, `{name:
    [turn, ...]}`.
    """
    threads = str(options.threads)
    # PyTorch uses oneDNN on all processors, TensorFlow on those with AVX-512 VNNI unless it is told
    # to.
    environment = (
        {"TF_ENABLE_ONEDNN_OPTS": "1"}
        | os.environ
        | {
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "KERAS_BACKEND": "tensorflow",
            "OMP_NUM_THREADS": threads,
            "TF_NUM_INTRAOP_THREADS": threads,
            "TF_NUM_INTEROP_THREADS": threads,
        }
    )
    facts, processes = {}, {}
    try:
        for name in options.legs:
            print(f"starting {name}", file=sys.stderr, flush=True)
            settings = json.dumps(
                [name, options.batch, options.steps, options.seconds, options.threads]
            )
            command = [sys.executable, task.script, "--serve", settings]
            processes[name] = subprocess.Popen(
                command, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
            facts |= _receive(name, processes[name])
        print("all legs are warm, now they take turns", file=sys.stderr, flush=True)
        turns = {name: [] for name in processes}
        start, (busy, own) = time.perf_counter(), _cpu_seconds(processes.values())
        for i in range(options.rounds):
            for name, process in processes.items():
                process.stdin.write("turn\n")
                process.stdin.flush()
                turns[name].append(_receive(name, process))
            rates = ", ".join(
                f"{name} {turns[name][-1]['examples_per_second']:.0f}" for name in turns
            )
            print(
                f"round {i + 1} of {options.rounds}, examples/s: {rates}",
                file=sys.stderr,
                flush=True,
            )
        available = os.cpu_count() * (time.perf_counter() - start)
        busy_after, own_after = _cpu_seconds(processes.values())
        facts["other_share"] = (busy_after - busy - (own_after - own)) / available
    finally:
        for process in processes.values():
            process.kill()
            process.communicate()
    return facts, turns


def _cpu_seconds(processes):
    """CPU seconds that the whole machine has been busy for since it started, and that these
    processes have used.
    """
    user, nice, system, _, _, *others = map(
        int, pathlib.Path("/proc/stat").read_text().split()[1:9]
    )
    stats = [
        pathlib.Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
        for process in processes
    ]
    own = sum(int(stat[11]) + int(stat[12]) for stat in stats)  # user and system time
    return tuple(
        ticks / os.sysconf("SC_CLK_TCK") for ticks in (user + nice + system + sum(others), own)
    )


def _receive(name, process):
    line = process.stdout.readline()
    if not line:
        raise SystemExit(
            f"Expected a result of {name}. Received: exit status {process.wait()}; its error is "
            "above."
        )
    return json.loads(line)


def report(facts, turns, options):
    """The tables and ratios, in Markdown."""
    facts = dict(facts)
    flops, other_share = facts.pop("flops"), facts.pop("other_share")
    peaks = {}
    for name, results in turns.items():
        precision = LEGS[name].precision
        peaks[precision] = max(
            peaks.get(precision, 0.0), *(turn["matmul_gflops"] for turn in results)
        )
    rates = {
        name: [turn["examples_per_second"] for turn in results] for name, results in turns.items()
    }
    medians = {name: statistics.median(values) for name, values in rates.items()}
    lines = [f"- {name}: {value}" for name, value in facts.items()]
    disturbed = (
        " **Too much: the ratios below mean nothing. Measure again.**" if other_share > 0.1 else ""
    )
    lines += [
        f"- CPU time that other processes took during the turns: {other_share:.0%}.{disturbed}",
        f"- threads: {options.threads}, batch: {options.batch}, rounds: {options.rounds}, "
        f"a turn: {options.steps} steps or {options.seconds:g} s",
        f"- multiply-adds per training example, forward and backward: {flops / 2 / 1e6:.2f} "
        "million",
        *(
            f"- best matrix product, {precision}: {peak:.1f} GFLOP/s"
            for precision, peak in peaks.items()
        ),
        "",
        "| leg | examples/s, median | min | max | GFLOP/s | of the best matrix product |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, values in rates.items():
        gflops = medians[name] * flops / 1e9
        share = gflops / peaks[LEGS[name].precision]
        spread = f"{medians[name]:.0f} | {min(values):.0f} | {max(values):.0f}"
        lines.append(f"| {name} | {spread} | {gflops:.1f} | {share:.0%} |")
    lines += [
        "",
        "| ratio of examples/s | of medians | median, min and max over rounds |",
        "| --- | ---: | ---: |",
    ]
    for peer in turns:
        rivals = [name for name in turns if LEGS[name][:2] == ("keras", LEGS[peer].precision)]
        if LEGS[peer].framework == "pytorch" and rivals:
            best = max(rivals, key=medians.get)
            ratios = [ours / theirs for ours, theirs in zip(rates[best], rates[peer])]
            spread = f"{statistics.median(ratios):.2f}, {min(ratios):.2f} to {max(ratios):.2f}"
            lines.append(f"| {best} / {peer} | {medians[best] / medians[peer]:.2f} | {spread} |")
    return "\n".join(lines)


def serve(task, name, batch, steps, seconds, threads):
    """One leg: warms up, writes its facts, then runs a turn for every line that it reads."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a library prints must not get between the results
    leg = LEGS[name]
    facts, turn = {"keras": keras_leg, "pytorch": pytorch_leg}[leg.framework](
        task, leg, batch, steps, seconds, threads
    )
    turn()
    print(json.dumps(facts), file=out, flush=True)
    for _ in sys.stdin:
        print(json.dumps(turn()), file=out, flush=True)
