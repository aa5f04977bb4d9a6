"""The page of exported files: signatures, shapes, ranges, sizes, errors, read from the files.

Its prose is in `kerasgen/templates/`, in `export.md.j2` and `export_preset.md.j2`.
"""

import json
import pathlib
import re
import subprocess
import sys

from kerasgen import durable, machine
from kerasgen.export import losses as _losses
from kerasgen.export import measure
from kerasgen.export.signatures import TENSORS
from kerasgen.export.verification import BOUNDS
from kerasgen.rendering import render

_FORMATS = {mode: f"TFLite, {mode}" for mode in BOUNDS}
_FORMATS |= {"saved_model": "SavedModel", None: "TFLite, float32"}


def contract(reports, path="export/README.md", losses=None):
    """Writes what exported files offer, as Markdown. What the file says of other models stays.

    Args:
        reports: for each preset, what `every_format` returned, with the files where it wrote them:
            `{"vae_mnist": every_format(model, folder)}`.
        path: of the Markdown file to write.
        losses: for each preset, those of `losses.of_files`, which are told where they are known.

    Returns:
        The path.

    >>> contract({}, "README.md").read_text().splitlines()[0]
    '# Exported models'
    """
    path = pathlib.Path(path)
    sections = _sections(path) | {
        name: _section(files, (losses or {}).get(name, ())) for name, files in reports.items()
    }
    bounds = {_FORMATS[mode]: bound for mode, bound in BOUNDS.items()}
    text = render(
        "export.md.j2",
        tensors=TENSORS,
        bounds=bounds,
        goals=_losses.GOALS,
        share=_losses.SHARE,
        sections=sorted(sections.items()),
    )
    durable.write_text(path, text)
    return path


def _sections(path):
    """Of each model in a file that `contract` wrote, if there is one, what it says."""
    if not path.exists():
        return {}
    # The first parts are what is before the models.
    _, _, _, *parts = re.split(r"\n## (.+)\n\n", path.read_text(encoding="utf-8"))
    return dict(zip(parts[::2], parts[1::2], strict=True))


def _section(reports, losses):
    reports = list(reports)
    offered = {report.quantize for report in reports}
    float32 = next(report for report in reports if report.quantize is None)
    measured = {each.path: _measured(each.path) for each in reports if each.path.is_file()}

    def speed(report, name):
        both = measured.get(report.path, {"milliseconds": {}})["milliseconds"].get(name)
        return " / ".join(f"{each:.3g}" for each in both or [report.milliseconds[name]])

    def memory(report):
        known = measured.get(report.path)
        return "-" if known is None else f"{known['bytes'] / 1e6:.1f} MB"

    return render(
        "export_preset.md.j2",
        signatures=_read(float32.path),
        reports=reports,
        formats=_FORMATS,
        speed=speed,
        memory=memory,
        shares=_losses.shares(reports),
        losses=losses,
        short=_losses.short(reports, losses),
        batch_size=float32.batch_size,
        left_out={
            (each.quantize, name): why for each in reports for name, why in each.left_out.items()
        },
        refused=[mode for mode in BOUNDS if mode not in offered],
        machine=machine.describe(),
    )


def _measured(path):
    """What `measure` says of a file, in a process of its own."""
    command = [sys.executable, measure.__file__, path]
    return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)


def _read(path):
    """`{signature: (inputs, outputs)}` of a TFLite file, `{name: shape}` with -1 for free sizes."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path))
    signatures = {}
    for name in sorted(interpreter.get_signature_list()):
        runner = interpreter.get_signature_runner(name)
        signatures[name] = tuple(
            {key: tuple(detail["shape_signature"]) for key, detail in details.items()}
            for details in (runner.get_input_details(), runner.get_output_details())
        )
    return signatures
