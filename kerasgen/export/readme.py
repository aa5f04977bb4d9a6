"""The written contract of exported files, from the files themselves: signatures, shapes, ranges, sizes and errors."""

import os
import pathlib
import re

from kerasgen import machine
from kerasgen.export.signatures import TENSORS
from kerasgen.export.verification import BOUNDS

_FORMATS = {**{mode: f"TFLite, {mode}" for mode in BOUNDS}, "saved_model": "SavedModel", None: "TFLite, float32"}

_HEAD = """# Exported models

What deployers get from `kerasgen export PRESET` or `kerasgen.export`. This page is written from exported files by
`python -m kerasgen.export`.

Every file offers named signatures. Of latent-variable models `sample`, `decode` and `reconstruct` give the mean of the
likelihood, the smooth picture, where `model.sample` draws every pixel; of pixel-by-pixel models `sample` draws. Nothing
random happens inside: randomness enters as `noise`, so that equal inputs give equal outputs. The exception is
`sample_seeded` of the TFLite files, whose seed is part of the file: each interpreter that opens the file repeats the
same draws, and its successive calls continue them.

```python
import numpy as np
from ai_edge_litert.interpreter import Interpreter

decode = Interpreter("vae_mnist.tflite").get_signature_runner("decode")
images = decode(z=np.zeros((1, 40), "float32"))["images"]
```

```python
import tensorflow as tf

decode = tf.saved_model.load("vae_mnist_saved_model").signatures["decode"]
images = decode(z=tf.zeros((1, 40)))["images"]
```

The TFLite files use builtin operators only. Quantized files take and give float32 too. On a phone LiteRT runs them, by
signature as above; in a browser LiteRT.js, which wants the size of the batch fixed first.

## Tensors
"""

_ERRORS = """
Largest error of any output against the Keras model and, in brackets, the mean error, in units of the output's largest
value or of 1, whichever is larger, on the model's own samples and standard normal noise, and the milliseconds of a call
for one example, the median of five on {machine}.
The third bound is for what `sample` draws in turn, pixel by pixel or id by id: the share of the pixels that may be off
by more than the first, because one other draw changes those after it. A signature that exceeds its bound, or does not
run, is left out of the file.

"""


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
    rows = [(f"`{name}`", tensor.dtype, tensor.values, tensor.meaning) for name, tensor in TENSORS.items()]
    text = _HEAD + "\n" + _table(("tensor", "type", "values", "meaning"), rows)
    sections = _sections(path) | {name: _section(formats) for name, formats in reports.items()}
    text += "".join(f"\n## {name}\n\n{section}" for name, section in sorted(sections.items()))
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".partial")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)
    return path


def _sections(path):
    """Of each model in a file that `contract` wrote, if there is one, what it says."""
    if not path.exists():
        return {}
    _, _, _, *parts = re.split(r"\n## (.+)\n\n", path.read_text(encoding="utf-8"))  # without what is before the models
    return dict(zip(parts[::2], parts[1::2], strict=True))


def _section(reports):
    signatures = _read(next(report.path for report in reports if report.quantize is None))
    rows = [(f"`{name}`", _tensors(inputs), _tensors(outputs)) for name, (inputs, outputs) in signatures.items()]
    text = _table(("signature", "inputs", "outputs"), rows) + _ERRORS.format(machine=machine.describe())
    rows = [
        (
            _FORMATS[report.quantize],
            f"{report.size / 1000:,.0f} kB",
            *(_error(report, name) for name in signatures),
            f"{report.bound.largest:g} ({report.bound.mean:g}), {report.bound.drawn:g}",
        )
        for report in reports
    ]
    text += _table(("format", "size", *(f"`{name}`" for name in signatures), "bound"), rows)
    refused = [_FORMATS[mode] for mode in BOUNDS if mode not in {report.quantize for report in reports}]
    return text + (f"\nNot offered, because no signature agrees and runs: {', '.join(refused)}.\n" if refused else "")


def _error(report, name):
    if name not in report.errors:
        return "-"
    return f"{report.errors[name]:.1e} ({report.mean_errors[name]:.1e}), {report.milliseconds[name]:.3g} ms"


def _read(path):
    """`{signature: (inputs, outputs)}` of a TFLite file, each `{name: shape}` with -1 for a free size."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path))
    signatures = {}
    for name in interpreter.get_signature_list():
        runner = interpreter.get_signature_runner(name)
        signatures[name] = tuple(
            {key: tuple(detail["shape_signature"]) for key, detail in details.items()}
            for details in (runner.get_input_details(), runner.get_output_details())
        )
    return {name: signatures[name] for name in sorted(signatures)}


def _tensors(shapes):
    def text(shape):
        return "[" + ", ".join("batch" if size == -1 else str(size) for size in shape) + "]" if shape else "scalar"

    return ", ".join(f"`{name}` {text(shape)}" for name, shape in shapes.items())


def _table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)
