"""Named texts in the metadata of a TFLite file, and the tensors of its signatures.

Metadata are buffers of the flatbuffer that a TFLite file is (tensorflow/lite/schema/schema.fbs,
tables `Metadata` and `Buffer`); runtimes pass over names that they do not know.
"""

import pathlib

import numpy as np

FACTS = "KERASGEN_FACTS"
RUNTIME = "min_runtime_version"  # which the converter writes, filled up with zeros


def read(path: pathlib.Path, name: str) -> str | None:
    """The text of a name, or None."""
    from ai_edge_litert import schema_py_generated as schema

    model = schema.Model.GetRootAs(path.read_bytes(), 0)
    for entry in map(model.Metadata, range(model.MetadataLength())):
        if entry.Name().decode() == name:
            return model.Buffers(entry.Buffer()).DataAsNumpy().tobytes().rstrip(b"\0").decode()
    return None


def write(path: pathlib.Path, name: str, text: str) -> None:
    """Adds the text of a name."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(path.read_bytes(), 0))
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(text.encode(), np.uint8)
    entry = schema.MetadataT()
    entry.name, entry.buffer = name, len(model.buffers)
    model.buffers.append(buffer)
    model.metadata = [*(model.metadata or ()), entry]
    builder = flatbuffers.Builder(path.stat().st_size)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    path.write_bytes(builder.Output())


def tensors(path: pathlib.Path) -> dict[str, tuple[dict, dict]]:
    """Of each signature its inputs and outputs, `{name: (shape, dtype)}`, None for free sizes."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path))
    runners = {
        name: interpreter.get_signature_runner(name)
        for name in sorted(interpreter.get_signature_list())
    }
    return {
        name: (_told(runner.get_input_details()), _told(runner.get_output_details()))
        for name, runner in runners.items()
    }


def _told(details):
    return {
        name: (
            [None if size == -1 else int(size) for size in detail["shape_signature"]],
            np.dtype(detail["dtype"]).name,
        )
        for name, detail in details.items()
    }
