"""Presets on model hubs: `hf://owner/name`, on Hugging Face, and `kaggle://owner/model/...`.

The hubs' own libraries fetch and keep files, find the user's token, and go on without a network
where they have what is asked for.
"""

import importlib
import pathlib
import re
import shutil
import tempfile

from kerasgen.zoo import manifest
from kerasgen.zoo.manifest import PresetError

_WORD = r"\w[\w.-]*"
_HANDLE = re.compile(
    rf"(?P<hub>hf)://(?P<model>{_WORD}/(?P<name>{_WORD}))(@(?P<revision>[\w./-]+))?"
    rf"|kaggle://(?P<instance>{_WORD}/{_WORD}/{_WORD}/(?P<variation>{_WORD})(/\d+)?)"
)
_SUFFIXES = ("yaml", "h5", "json", "md", "csv", "png", "gif", "sig")


def is_handle(text: str) -> bool:
    """Whether a text names a hub, rather than a preset or a path.

    >>> is_handle("hf://me/vae_mine"), is_handle("vae_mnist")
    (True, False)
    """
    return "://" in text


def name(handle: str) -> str:
    """The name of the preset that a handle stands for.

    Raises:
        PresetError: not a handle.

    >>> name("hf://me/vae_mine")
    'vae_mine'
    """
    match = _parsed(handle)
    return match["name"] or match["variation"]


def download(handle: str, target: pathlib.Path) -> None:
    """Copies a preset from a hub into an empty folder.

    Args:
        handle: `hf://owner/name`, `hf://owner/name@revision`, or
            `kaggle://owner/model/framework/variation`, with `/version` where not the newest.
        target: an empty folder.

    Raises:
        PresetError: a malformed handle, a hub's library that is not installed, or what it refuses.

    >>> download("me/vae_mine", pathlib.Path("vae_mine"))
    Traceback (most recent call last):
    kerasgen.zoo.manifest.PresetError: Expected hf://owner/name or kaggle://...
    """
    match = _parsed(handle)
    if match["hub"]:
        found = _call(
            handle,
            "huggingface_hub",
            "snapshot_download",
            match["model"],
            revision=match["revision"],
            allow_patterns=[f"*.{suffix}" for suffix in _SUFFIXES],
        )
    else:
        found = _call(handle, "kagglehub", "model_download", match["instance"])
    found = pathlib.Path(found)
    shutil.copyfile(found / manifest.NAME, target / manifest.NAME)
    for name in (*manifest.names(target), manifest.SIGNATURE):  # and not what hubs add
        if (found / name).is_file():
            shutil.copyfile(found / name, target / name)  # a cache holds links, a preset does not


def publish(folder: str | pathlib.Path, handle: str) -> None:
    """Uploads a preset, with the token that the hub's library finds; the card is its README.

    Args:
        folder: of a preset that `kerasgen.zoo.save` wrote.
        handle: as `download`, without a revision or a version. What does not exist yet is made.

    Raises:
        PresetError: as `download`; or files that are not what the manifest says.

    Example:
        >>> kerasgen.zoo.publish("runs/vae/preset", "hf://me/vae")  # doctest: +SKIP
    """
    match = _parsed(handle)
    folder = pathlib.Path(folder)
    manifest.verify(folder)
    with tempfile.TemporaryDirectory() as scratch:
        for file in (*manifest.names(folder), manifest.NAME, manifest.SIGNATURE):
            if (folder / file).exists():  # a signature need not
                shutil.copyfile(folder / file, pathlib.Path(scratch, file))
        shutil.copyfile(folder / "card.md", pathlib.Path(scratch, "README.md"))
        if match["hub"]:
            _call(handle, "huggingface_hub", "create_repo", match["model"], exist_ok=True)
            _call(
                handle,
                "huggingface_hub",
                "upload_folder",
                repo_id=match["model"],
                folder_path=scratch,
            )
        else:
            _call(handle, "kagglehub", "model_upload", match["instance"], scratch)


def _parsed(handle):
    if match := _HANDLE.fullmatch(handle):
        return match
    raise PresetError(
        "Expected hf://owner/name or kaggle://owner/model/framework/variation. "
        f"Received: {handle!r}."
    )


def _call(handle, library, function, *args, **kwargs):
    try:
        module = importlib.import_module(library)
    except ImportError:
        raise PresetError(
            f"Expected {library} for {handle}. Received: no such library. "
            "Install it with: pip install 'kerasgen[hub]'"
        ) from None
    try:
        return getattr(module, function)(*args, **kwargs)
    except Exception as error:  # each library has many kinds, all of which mean the same here
        first = next(iter(str(error).splitlines()), "")
        raise PresetError(
            f"Expected {library} to reach {handle}. Received: {type(error).__name__}: {first} "
            "Check the handle, the network and the token."
        ) from error
