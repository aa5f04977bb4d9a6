"""How TFLite files are run, in the types of the model."""

import numpy as np

from kerasgen.export.verification import BoundExceeded


def runner(path):
    """What a file gives, as a function of a signature's name and its named inputs, both in the
    types of the model.

    >>> _ = kerasgen.export.tflite(kerasgen.zoo.load("gmm_ring"), "ring.tflite")
    >>> runner("ring.tflite")("sample", {"noise": np.zeros((1, 4), "float32")})["vectors"].shape
    (1, 2)
    """
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path))

    def run(name, inputs):
        call = interpreter.get_signature_runner(name)
        known, told = call.get_input_details(), call.get_output_details()
        try:
            outputs = call(**{key: _stored(value, known[key]) for key, value in inputs.items()})
        except RuntimeError as error:  # a quantized divisor of 0, say
            raise BoundExceeded(
                f"Expected a file that LiteRT runs. Received: {error} in {name!r}. Nothing was "
                "written. Leave the signature out with signatures=, or quantize in another way.",
                {name: "LiteRT does not run it"},
            ) from error
        return {key: _told(value, told[key]) for key, value in outputs.items()}

    return run


def _stored(value, detail):
    """Numbers as a file takes them: whole ones of a scale where it is quantized."""
    scale, zero = detail["quantization"]
    if not scale:
        return value
    limits = np.iinfo(detail["dtype"])
    return np.clip(np.round(value / scale) + zero, limits.min, limits.max).astype(detail["dtype"])


def _told(value, detail):
    scale, zero = detail["quantization"]
    return (value.astype("float32") - zero) * np.float32(scale) if scale else value
