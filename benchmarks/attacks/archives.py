"""Archives that lead out of their folder, are larger than they say, or are damaged."""

import io
import zipfile
import zlib

from attacks.registry import attack


def _packed_as(folder, files=None, method=zipfile.ZIP_DEFLATED):
    path = folder.parent / "packed.zip"
    if files is None:
        files = {each.name: each.read_bytes() for each in folder.iterdir()}
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


@attack(
    up={"../evil": b"x"},
    absolute={"/tmp/evil": b"x"},
    drive={"C:\\evil": b"x"},
    two_folders={"a/card.md": b"x", "b/card.md": b"x"},
    nothing={},
    zeros={"model.weights.h5": bytes(2**28), "card.md": bytes(2**28)},
    escape={"\x1b[2J/../x": b"x"},
    long={"n" * 3000: b"x"},
    many={f"f{i}": b"" for i in range(5000)},
)
def archive_of(folder, files):
    return _packed_as(folder, files)


@attack(crc=14, size=22, method=8, flags=6, name=26)
def archive_header(folder, offset):
    """One field of the first local header and of its central one is another."""
    path = _packed_as(folder)
    content = bytearray(path.read_bytes())
    content[offset] ^= 0xFF
    central = content.index(b"PK\x01\x02")
    content[central + offset + 2] ^= 0xFF
    path.write_bytes(content)
    return path


@attack
def archive_that_says_less(folder):
    """A member of a gibibyte of zeros that says it has three bytes."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = b"".join(packer.compress(bytes(2**20)) for _ in range(1024)) + packer.flush()
    info = zipfile.ZipInfo("card.md")
    info.compress_type = zipfile.ZIP_DEFLATED
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(info, b"abc")
    content = buffer.getvalue()
    central = content.index(b"PK\x01\x02")
    directory = bytearray(content[central:])
    name = len(b"card.md")
    directory[20:24] = len(packed).to_bytes(4, "little")
    end = directory.index(b"PK\x05\x06")
    directory[end + 16 : end + 20] = (30 + name + len(packed)).to_bytes(4, "little")
    path = folder.parent / "packed.zip"
    path.write_bytes(content[: 30 + name] + packed + bytes(directory))
    return path
