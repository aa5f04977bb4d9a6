"""The runtime of the page: LiteRT.js, compiled to WebAssembly, of one version, known by checksums.

The build for browsers without relaxed SIMD runs in all that have SIMD, at 9.6 MB instead of twice
that.
"""

import hashlib
import io
import pathlib
import tarfile
import urllib.request

VERSION = "2.5.3"
_REGISTRY = "https://registry.npmjs.org"
_TARBALLS = {
    name: f"{_REGISTRY}/@litertjs/{name}/-/{name}-{VERSION}.tgz" for name in ("core", "wasm-utils")
}
# Of each file its path in the npm package, and its SHA-256.
FILES = {
    "index.js": (
        "core/dist/index.js",
        "e7daccc3a31eef890848a737ccb863ded5f046a6b40c3fdc0556495adeb5d9b3",
    ),
    "wasm-utils.js": (
        "wasm-utils/dist/index.js",
        "e0e20bc28ab001ac732cf40d15b6eebd24fb0deaeb95eeba5100f51eebf015f2",
    ),
    "litert.js": (
        "core/wasm/litert_wasm_compat_internal.js",
        "4d8f894b7883654fd6e8439730aa41e79ceaab7d19184fc4f1f0b0f1a2a2c8a5",
    ),
    "litert_wasm_compat_internal.wasm": (
        "core/wasm/litert_wasm_compat_internal.wasm",
        "5255c8ad06eabdbd2522cdebf6b22fc10faf74625c23a49b9e072570cd1fa41c",
    ),
    "package.json": (
        "core/package.json",
        "1ba6b1c4b25c061cf97876e4846be92f8dfe312d2f78d82ee3ee92ab45c80987",
    ),
}


def read(folder: pathlib.Path) -> dict[str, bytes]:
    """The runtime's files by name, from a folder that has them: `node_modules`, one with it, or the
    runtime of another laboratory.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: a file is another than that of the pinned version.

    >>> read(pathlib.Path("nowhere"))
    Traceback (most recent call last):
    FileNotFoundError: Expected the runtime, @litertjs/core ... of npm. Received: nowhere...
    """
    files = {}
    for name, (packaged, _) in FILES.items():
        places = [f"node_modules/@litertjs/{packaged}", f"@litertjs/{packaged}", name]
        found = next((folder / place for place in places if (folder / place).is_file()), None)
        if found is None:
            raise FileNotFoundError(
                f"Expected the runtime, @litertjs/core {VERSION} of npm. Received: {folder}, "
                f"without {packaged}. Run `npm install @litertjs/core@{VERSION}` there, or use "
                "--download."
            )
        files[name] = found.read_bytes()
    return _checked(files, str(folder))


def download() -> dict[str, bytes]:
    """The same from the public npm registry, 12 MB.

    Raises:
        ConnectionError: it cannot be reached.
        ValueError: it gives other files than those of the pinned version.

    >>> download().keys() == FILES.keys()  # doctest: +SKIP
    True
    """
    packages = {name: _contents(url) for name, url in _TARBALLS.items()}
    files = {}
    for name, (packaged, _) in FILES.items():
        package, _, path = packaged.partition("/")
        files[name] = packages[package].get(f"package/{path}", b"")
    return _checked(files, _REGISTRY)


def _contents(url):
    """Bytes of the files of a tarball, by path."""
    try:
        with urllib.request.urlopen(url, timeout=60) as response:
            packed = io.BytesIO(response.read())
        with tarfile.open(fileobj=packed) as tarball:
            return {
                each.name: tarball.extractfile(each).read() for each in tarball if each.isfile()
            }
    except (OSError, tarfile.TarError) as error:
        raise ConnectionError(
            f"Expected the runtime from {url}. Received: {error}. Connect to the network, or run "
            f"`npm install @litertjs/core@{VERSION}` elsewhere and name its folder by --runtime."
        ) from error


def _checked(files, source):
    for name, (packaged, digest) in FILES.items():
        if hashlib.sha256(files[name]).hexdigest() != digest:
            raise ValueError(
                f"Expected {packaged} of @litertjs/core {VERSION}. Received: another file from "
                f"{source}. Run `npm install @litertjs/core@{VERSION}` there, or use --download."
            )
    return files
