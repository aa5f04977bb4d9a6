"""From a SavedModel to a TFLite file with builtin operators only.

It imports nothing of kerasgen and runs as a program of its own: the converter is native code, where
a fault ends the process without a traceback, as in calibration, which runs the unfinished file.

Each line of its input asks for a file, as JSON of the arguments of `_write`. It answers a
line, "converted" or "failed", and says why on its standard error.
"""

import json
import os
import pathlib
import sys
import traceback

import numpy as np
import tensorflow as tf
from tensorflow.lite.python.convert import mlir_quantize
from tensorflow.lite.python.schema_py_generated import BuiltinOperator
from tensorflow.lite.tools import flatbuffer_utils

_LAYERS = {
    BuiltinOperator.CONV_2D,
    BuiltinOperator.DEPTHWISE_CONV_2D,
    BuiltinOperator.TRANSPOSE_CONV,
    BuiltinOperator.FULLY_CONNECTED,
}
_MOVING = {  # operators with one scale for what they read and what they give; which input that is
    BuiltinOperator.MINIMUM: 0,
    BuiltinOperator.MAXIMUM: 0,
    BuiltinOperator.RESHAPE: 0,
    BuiltinOperator.TRANSPOSE: 0,
    BuiltinOperator.SPLIT: 1,
    BuiltinOperator.SPLIT_V: 0,
    BuiltinOperator.SLICE: 0,
    BuiltinOperator.STRIDED_SLICE: 0,
    BuiltinOperator.SQUEEZE: 0,
}
_SMALL = 0.02  # of the weights
_FLAT = 8.0  # beyond which a sigmoid is 0 or 1
_ALL_SEEN = tf.lite.experimental.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
_BINS = 2048  # of what tensors hold
_LOOKED_AT = 8192  # numbers of a tensor, of each example
_CUTS = np.linspace(1.0, 0.1, 91)  # parts of a range that are tried


def convert(folder, names, quantize=None, calibration=None, batch_size=1, io=None):
    """The TFLite file of the named signatures of the SavedModel in `folder`, as bytes.

    Args:
        quantize: None, "float16", "dynamic" or "int8".
        calibration: for "int8", the inputs of each signature by name; arrays of examples, or
            scalars.
        batch_size: how many examples of them a call takes.
        io: for "int8", the type of inputs and outputs where it can be: None, "int8" or "uint8".

    >>> from kerasgen.export import saved_models, signatures
    >>> sample = signatures.of(kerasgen.families.Mixture([2], num_components=3), ["sample"])
    >>> saved_models.archive(sample, "saved", batch_size=1)
    >>> convert("saved", ["sample"])[4:8]
    b'TFL3'
    """
    converter = tf.lite.TFLiteConverter.from_saved_model(str(folder), signature_keys=list(names))
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    if quantize is not None:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        # Scales by channel are repeated in every signature: of a dense layer that is half its size.
        converter._experimental_disable_per_channel_quantization_for_dense_layers = True
    if quantize == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if quantize == "int8":
        converter.target_spec.supported_ops = [
            tf.lite.OpsSet.TFLITE_BUILTINS_INT8,
            tf.lite.OpsSet.TFLITE_BUILTINS,
        ]
        converter.representative_dataset = lambda: _examples(calibration, batch_size)
        if io is None:
            converter._experimental_calibrate_only = True
            model = flatbuffer_utils.convert_bytearray_to_object(converter.convert())
            _narrow_ranges(model)
            fit_ranges(model, calibration, batch_size)
            _share_ranges(model)
            kept = _keep_last_layers(model)
            return _without_names(
                mlir_quantize(
                    flatbuffer_utils.convert_object_to_bytearray(model),
                    denylisted_nodes=kept,
                    disable_per_channel_for_dense_layers=True,
                )
            )
        converter.inference_input_type = converter.inference_output_type = tf.as_dtype(io)
    return converter.convert()


def _narrow_ranges(model) -> None:
    """Gives a calibrated file, an object of the schema's, ranges that end where a sigmoid does, so
    that steps become shorter: a tensor that swish reads, x * sigmoid(x), reaches from -80 to 30,
    and what is below -8 gives nothing; what only a sigmoid reads says nothing more beyond 8 on
    either side.
    """
    codes = [each.builtinCode for each in model.operatorCodes]
    for graph in model.subgraphs:
        readers = {}
        for each in graph.operators:
            for i in each.inputs:
                readers.setdefault(int(i), []).append((codes[each.opcodeIndex], each))
        for i, tensor in enumerate(graph.tensors):
            found, told = dict(readers.get(i, ())), tensor.quantization
            several = len(found) < len(readers.get(i, ()))
            if several or not _has_range(tensor) or BuiltinOperator.LOGISTIC not in found:
                continue
            sigmoid = found.pop(BuiltinOperator.LOGISTIC).outputs[0]
            swish = found.pop(BuiltinOperator.MUL, None)
            if not found and (swish is None or {int(i) for i in swish.inputs} == {i, sigmoid}):
                told.min = np.maximum(told.min, -_FLAT)
            if not found and swish is None:
                told.max = np.minimum(told.max, _FLAT)


def _has_range(tensor):
    told = tensor.quantization
    return told is not None and told.min is not None and told.max is not None


def fit_ranges(model, calibration, batch_size=1) -> None:
    """Gives a calibrated file the ranges of least squared error: the calibrator's hold the rarest
    value, and lengthen the step of all others for it. What lies outside of those is not looked at.

    >>> from kerasgen.export import saved_models, signatures
    >>> sample = signatures.of(kerasgen.families.Mixture([2], num_components=3), ["sample"])
    >>> saved_models.archive(sample, "saved", batch_size=1)
    >>> model = flatbuffer_utils.convert_bytearray_to_object(convert("saved", ["sample"]))
    >>> fit_ranges(model, {"sample": {"noise": np.zeros((9, 4), "float32")}})
    """
    interpreter = tf.lite.Interpreter(
        model_content=bytes(flatbuffer_utils.convert_object_to_bytearray(model)),
        experimental_op_resolver_type=_ALL_SEEN,
        experimental_preserve_all_tensors=True,
    )
    graphs = {each.signatureKey.decode(): each.subgraphIndex for each in model.signatureDefs}
    counts, rng = {}, np.random.default_rng(0)
    for name, inputs in _examples(calibration, batch_size):
        interpreter.get_signature_runner(name)(**inputs)
        graph = graphs[name]
        for i, tensor in enumerate(model.subgraphs[graph].tensors):
            if not _has_range(tensor) or (limits := _limits(tensor))[0] == limits[1]:
                continue
            try:
                values = interpreter.get_tensor(i, graph)
            except ValueError:  # it holds nothing: of a branch that was not taken
                continue
            count, _ = np.histogram(_some(values, rng), _BINS, limits)
            counts[graph, i] = counts.get((graph, i), 0) + count
    for (graph, i), count in counts.items():
        tensor = model.subgraphs[graph].tensors[i]
        low, high = _least_error(count, *_limits(tensor))
        tensor.quantization.min, tensor.quantization.max = np.array([[low], [high]], "float32")


def _some(values, rng):
    """Positions of a tensor drawn at random, with all channels of each."""
    rows = values.reshape(-1, values.shape[-1] if values.ndim else 1)
    count = _LOOKED_AT // rows.shape[1] + 1
    return rows if len(rows) <= count else rng.choice(rows, count, replace=False)


def _limits(tensor):
    """Of the range of a tensor, which 0 is always in."""
    return min(0.0, float(tensor.quantization.min[0])), max(0.0, float(tensor.quantization.max[0]))


def _least_error(counts, low, high):
    """Ends within a range with the least squared error of what is cut off and of what is rounded,
    which 0 is not.
    """
    width = (high - low) / len(counts)
    values = low + width * (np.arange(len(counts)) + 0.5)
    lows, highs = low * _CUTS, high * _CUTS
    below = np.maximum(lows[:, None] - values, 0.0) ** 2 @ counts
    above = np.maximum(values - highs[:, None], 0.0) ** 2 @ counts
    rounded = counts[np.abs(values) > width].sum() / 12
    errors = below[:, None] + above + rounded * ((highs - lows[:, None]) / 255) ** 2
    i, j = np.unravel_index(np.argmin(errors), errors.shape)
    return lows[i], highs[j]


def _share_ranges(model) -> None:
    """Gives what operators only move or clip the range of what they read: with one scale for both
    sides the quantizer takes that of any part, and cut logits of a mixture off where its scales
    end.
    """
    codes = [each.builtinCode for each in model.operatorCodes]
    for graph in model.subgraphs:
        for each in graph.operators:
            if (code := codes[each.opcodeIndex]) not in _MOVING:
                continue
            source = graph.tensors[each.inputs[_MOVING[code]]]
            for tensor in (graph.tensors[i] for i in each.outputs):
                if tensor.quantization is not None and _has_range(source):
                    told = source.quantization
                    tensor.quantization.min, tensor.quantization.max = told.min, told.max


def _without_names(content):
    """A file without the names of its inner tensors, which no program asks for: a tenth of a file
    of small layers.
    """
    model = flatbuffer_utils.convert_bytearray_to_object(content)
    for graph in model.subgraphs:
        ends = {*graph.inputs, *graph.outputs}
        for i, tensor in enumerate(graph.tensors):
            if i not in ends:
                tensor.name = None
    return flatbuffer_utils.convert_object_to_bytearray(model)


def _keep_last_layers(model) -> list[str]:
    """Leaves what a calibrated file computes last in float32, its last layers, where they are
    small, and what follows, and returns their names. What has no range is not quantized.

    One scale of eight bits cannot hold parameters of different ranges: where logits of a mixture
    reach from -40 to 40, a step is 0.3, too long for locations between 0 and 1.
    """
    sizes = [0 if each.data is None else len(each.data) for each in model.buffers]
    names = set()
    for graph in model.subgraphs:
        makers = {int(made): each for each in graph.operators for made in each.outputs}
        weights = {
            id(each): sum(sizes[graph.tensors[i].buffer] for i in each.inputs if i >= 0)
            for each in graph.operators
            if model.operatorCodes[each.opcodeIndex].builtinCode in _LAYERS
        }
        waiting = [int(each) for each in graph.outputs]
        while waiting:
            node = makers.pop(waiting.pop(), None)
            if node is None or weights.get(id(node), 0) > _SMALL * sum(sizes):
                continue
            made = [graph.tensors[i] for i in node.outputs]
            names.add(";".join(each.name.decode() for each in made))
            for each in made:
                each.quantization = None
            if id(node) not in weights:
                waiting += [int(each) for each in node.inputs]
    return sorted(names)


def _examples(calibration, batch_size):
    """`(signature, inputs)` with one batch at a time, as the converter asks for them."""
    for name, inputs in calibration.items():
        sizes = [len(value) for value in inputs.values() if value.ndim]
        for i in range(0, max(sizes, default=1), batch_size):
            yield (
                name,
                {
                    key: value[i : i + batch_size] if value.ndim else value
                    for key, value in inputs.items()
                },
            )


def _write(folder, output, names, quantize, calibration, batch_size, io):
    """Writes the file that `convert` gives to `output`; `calibration` is an archive of arrays by
    "signature|tensor".
    """
    inputs = {}
    with np.load(calibration) as arrays:
        for key, value in arrays.items():
            signature, tensor = key.split("|")
            inputs.setdefault(signature, {})[tensor] = value
    file = convert(folder, names, quantize, inputs, batch_size, io)
    pathlib.Path(output).write_bytes(file)


def serve(requests, answers):
    """Writes the file that each line of `requests` asks for.

    >>> serve(["{}"], sys.stdout)
    failed
    """
    for line in requests:
        try:
            _write(**json.loads(line))
            answer = "converted"
        except Exception:
            traceback.print_exc()
            answer = "failed"
        sys.stderr.flush()
        print(answer, file=answers, flush=True)


if __name__ == "__main__":
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # native code prints, too
    serve(sys.stdin, answers)
