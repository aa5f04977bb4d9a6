"""Whom a preset comes from: an Ed25519 signature of its manifest, which has SHA-256 of all else.

    ssh-keygen -t ed25519 -f presets                        makes presets and presets.pub
    kerasgen.zoo.sign("runs/vae/preset", "presets")         writes manifest.sig into the folder
    kerasgen.zoo.load("vae.zip", trust="presets.pub")       loads what that key has signed

Keys are OpenSSH's (RFC 8709). Take one for presets alone. `pip install "kerasgen[sign]"` brings
the library, `cryptography`.
"""

import base64
import binascii
import os
import pathlib
from collections.abc import Sequence

from kerasgen import documents
from kerasgen.zoo import manifest
from kerasgen.zoo.manifest import PresetError

_CONTEXT = b"kerasgen preset, manifest of format 1\n"  # so that it is a signature of nothing else
_MOST_KEY = 2**14


def sign(folder: str | os.PathLike, key: str | os.PathLike, password: str | None = None) -> None:
    """Signs a preset: writes `manifest.sig` beside its manifest.

    Args:
        folder: of a preset that `kerasgen.zoo.save` wrote.
        key: file of an OpenSSH private key of type ed25519.
        password: of the key, where it has one.

    Raises:
        PresetError: the preset is damaged, or the key is none.
        ImportError: without `cryptography`.

    Example:
        >>> kerasgen.zoo.sign("runs/vae/preset", "presets")  # doctest: +SKIP
    """
    ed25519, serialization, _ = _library()
    text = manifest.verify(folder, manifest.NAME)[manifest.NAME]
    secret = password and password.encode()
    try:
        content = documents.content(key, "an OpenSSH private key", _MOST_KEY)
        private = serialization.load_ssh_private_key(content, secret)
    except (ValueError, TypeError, FileNotFoundError) as error:
        raise PresetError(f"Expected an OpenSSH private key in {key}. Received: {error}.") from None
    if not isinstance(private, ed25519.Ed25519PrivateKey):
        raise PresetError(
            f"Expected a key of type ed25519. Received: {key}, of another. Make one with: "
            "ssh-keygen -t ed25519 -f presets"
        )
    signature = base64.b64encode(private.sign(_CONTEXT + text))
    pathlib.Path(folder, manifest.SIGNATURE).write_bytes(signature + b"\n")


def check(
    folder: pathlib.Path, text: bytes, trust: str | os.PathLike | Sequence[str | os.PathLike]
) -> None:
    """Refuses a preset that none of some keys has signed.

    Args:
        folder: of the preset.
        text: of its manifest, whose files have been compared with it.
        trust: public keys, each a file or its text, "ssh-ed25519 AAAA...".

    Raises:
        PresetError: no signature, or one by another key or of another manifest.
        ValueError: no public key.
        ImportError: without `cryptography`.

    >>> check(kerasgen.zoo.folder("gmm_ring"), b"", "no key")
    Traceback (most recent call last):
    FileNotFoundError: Expected a public key. Received: no key, which is not there.
    """
    _, _, invalid = _library()
    keys = [trust] if isinstance(trust, (str, os.PathLike)) else list(trust)
    known = [_public(key) for key in keys]
    try:
        path = folder / manifest.SIGNATURE
        packed = documents.content(path, "a signature of the preset", 1000)
        signature = base64.b64decode(packed.strip(), validate=True)
    except (FileNotFoundError, ValueError, binascii.Error) as error:
        raise PresetError(
            f"Expected {folder} to be signed. Received: no signature ({error}). Ask whom it comes "
            "from to run kerasgen.zoo.sign, or load it without trust."
        ) from None
    for key in known:
        try:
            return key.verify(signature, _CONTEXT + text)
        except invalid:
            continue
    raise PresetError(
        f"Expected {folder} to be signed by one of {len(known)} trusted keys. Received: a "
        "signature by another key, or of other files. Do not load it, or ask whom it comes from."
    )


def _public(key):
    ed25519, serialization, _ = _library()
    is_text = isinstance(key, str) and key.startswith("ssh-")
    content = key.encode() if is_text else documents.content(key, "a public key", _MOST_KEY)
    try:
        public = serialization.load_ssh_public_key(content)
    except Exception as error:  # of formats and of types that are not supported
        raise ValueError(
            f"Expected a public key in OpenSSH's form. Received: {key}: {error}."
        ) from None
    if not isinstance(public, ed25519.Ed25519PublicKey):
        raise ValueError(f"Expected a public key of type ed25519. Received: {key}, of another.")
    return public


def _library():
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ImportError:
        raise ImportError(
            "Expected cryptography, which checks signatures. Received: no such library. "
            "Install it with: pip install 'kerasgen[sign]'"
        ) from None
    return ed25519, serialization, InvalidSignature
