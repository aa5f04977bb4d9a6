"""Named texts in the metadata of a TFLite file.

Metadata are buffers of the flatbuffer that a TFLite file is (tensorflow/lite/schema/schema.fbs,
tables `Metadata` and `Buffer`); runtimes pass over names that they do not know.
"""

from typing import Any

import numpy as np

FACTS = "KERASGEN_FACTS"
RUNTIME = "min_runtime_version"  # which the converter writes, filled up with zeros
_ALIGNMENT = 16  # of data, by the schema


def read(content: bytes, name: str) -> str | None:
    """The text of a name in a file's content, or None.

    >>> from ai_edge_litert.schema_py_generated import ModelT
    >>> read(packed(ModelT()), RUNTIME) is None
    True
    """
    from ai_edge_litert import schema_py_generated as schema

    model = schema.Model.GetRootAs(content, 0)
    for entry in map(model.Metadata, range(model.MetadataLength())):
        if entry.Name().decode() == name:
            return model.Buffers(entry.Buffer()).DataAsNumpy().tobytes().rstrip(b"\0").decode()
    return None


def write(content: bytes, name: str, text: str) -> bytes:
    """A file's content with the text of a name added.

    >>> from ai_edge_litert.schema_py_generated import ModelT
    >>> read(write(packed(ModelT()), "AUTHOR", "me"), "AUTHOR")
    'me'
    """
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(text.encode(), np.uint8)
    entry = schema.MetadataT()
    entry.name, entry.buffer = name, len(model.buffers or ())
    model.buffers = [*(model.buffers or ()), buffer]
    model.metadata = [*(model.metadata or ()), entry]
    return packed(model)


def packed(model: Any) -> bytes:
    """A model of the schema's classes as the content of a file: what is equal is written once, and
    data begin where the schema asks, at multiples of 16.

    >>> from ai_edge_litert.schema_py_generated import ModelT
    >>> packed(ModelT())[4:8]
    b'TFL3'
    """
    builder = _builder()
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def _builder():
    import flatbuffers

    class Sharing(flatbuffers.Builder):
        """Each signature brings constants, scales by channel and names of its own, mostly equal."""

        def __init__(self):
            super().__init__()
            self.written = {}

        def CreateNumpyVector(self, x):
            key = x.dtype.str, x.tobytes()
            if key not in self.written:
                if x.dtype == np.uint8:  # data of a buffer
                    self.Prep(_ALIGNMENT, x.nbytes)
                self.written[key] = super().CreateNumpyVector(x)
            return self.written[key]

        def CreateString(self, text, *coding):
            if text not in self.written:
                self.written[text] = super().CreateString(text, *coding)
            return self.written[text]

    return Sharing()
