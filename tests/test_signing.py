"""Signed presets: those of a trusted key load, and nothing else does."""

import pytest

from kerasgen import zoo
from kerasgen.zoo import manifest

serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")
ed25519 = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.ed25519")


def write_key(path):
    """A key pair in OpenSSH's form; returns the path of the private one and the public text."""
    private = ed25519.Ed25519PrivateKey.generate()
    encryption = serialization.NoEncryption()
    form = serialization.PrivateFormat.OpenSSH
    path.write_bytes(private.private_bytes(serialization.Encoding.PEM, form, encryption))
    public = private.public_key().public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    )
    path.with_suffix(".pub").write_bytes(public + b" a comment\n")
    return path, public.decode()


@pytest.fixture
def keys(tmp_path):
    return [write_key(tmp_path / name) for name in ("mine", "other")]


def test_what_a_trusted_key_signed_loads(preset, keys, tmp_path):
    (mine, text), (other, _) = keys
    zoo.sign(preset, mine)
    for trust in (text, mine.with_suffix(".pub"), [other.with_suffix(".pub"), text]):
        assert zoo.load(preset, trust=trust).count_params() > 0
    assert zoo.load(preset).count_params() > 0


def test_what_nobody_or_somebody_else_signed_does_not_load(preset, keys):
    (mine, _), (_, other) = keys
    with pytest.raises(zoo.PresetError, match="to be signed. Received: no signature"):
        zoo.load(preset, trust=other)
    zoo.sign(preset, mine)
    with pytest.raises(zoo.PresetError, match="signature by another key"):
        zoo.load(preset, trust=other)
    with pytest.raises(zoo.PresetError, match="signature by another key"):
        zoo.load(preset, trust=[])


def test_a_preset_changed_and_given_a_new_manifest_does_not_load(preset, keys):
    ((mine, public), _) = keys
    zoo.sign(preset, mine)
    (preset / "card.md").write_text("other")
    manifest.write(preset)
    assert zoo.load(preset)
    with pytest.raises(zoo.PresetError, match="of other files"):
        zoo.load(preset, trust=public)


@pytest.mark.parametrize("content", [b"", b"x", b"AAAA", b"\xff", b"A" * 5000])
def test_a_damaged_signature_is_refused(preset, keys, content):
    ((mine, public), _) = keys
    zoo.sign(preset, mine)
    (preset / manifest.SIGNATURE).write_bytes(content)
    with pytest.raises(zoo.PresetError, match="Received: (no signature|a signature by another)"):
        zoo.load(preset, trust=public)


def test_what_is_no_key_is_told(preset, keys, tmp_path):
    (tmp_path / "text").write_text("key")
    with pytest.raises(zoo.PresetError, match="Expected an OpenSSH private key"):
        zoo.sign(preset, tmp_path / "text")
    for key in ("ssh-ed25519 AAAA", tmp_path / "text"):
        with pytest.raises(ValueError, match="Expected a public key"):
            zoo.load(preset, trust=key)
    with pytest.raises(FileNotFoundError, match="Expected a public key"):
        zoo.load(preset, trust="nothing.pub")
