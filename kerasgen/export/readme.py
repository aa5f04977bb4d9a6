"""The page of exported files: signatures, shapes, ranges, sizes, errors, read from the files.

Its prose is in `kerasgen/templates/`, in `export.md.j2` and `export_preset.md.j2`.
"""

import pathlib
import re

from kerasgen import durable, machine
from kerasgen.export.signatures import TENSORS
from kerasgen.export.verification import BOUNDS
from kerasgen.rendering import render

_FORMATS = {mode: f"TFLite, {mode}" for mode in BOUNDS}
_FORMATS |= {"saved_model": "SavedModel", None: "TFLite, float32"}


def contract(reports, path="export/README.md"):
    """Writes what exported files offer, as Markdown. What the file says of other models stays.

    Args:
        reports: for each preset, what `every_format` returned, with the files where it wrote them:
            `{"vae_mnist": every_format(model, folder)}`.
        path: of the Markdown file to write.

    Returns:
        The path.
    """
    path = pathlib.Path(path)
    sections = _sections(path) | {name: _section(files) for name, files in reports.items()}
    text = render("export.md.j2", tensors=TENSORS, sections=sorted(sections.items()))
    durable.write_text(path, text)
    return path


def _sections(path):
    """Of each model in a file that `contract` wrote, if there is one, what it says."""
    if not path.exists():
        return {}
    # The first parts are what is before the models.
    _, _, _, *parts = re.split(r"\n## (.+)\n\n", path.read_text(encoding="utf-8"))
    return dict(zip(parts[::2], parts[1::2], strict=True))


def _section(reports):
    reports = list(reports)
    offered = {report.quantize for report in reports}
    float32 = next(report.path for report in reports if report.quantize is None)
    return render(
        "export_preset.md.j2",
        signatures=_read(float32),
        reports=reports,
        formats=_FORMATS,
        refused=[mode for mode in BOUNDS if mode not in offered],
        machine=machine.describe(),
    )


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
