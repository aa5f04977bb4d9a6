"""The `kerasgen` command line: one module a command.

The docstring of a command's module is its help, `add_arguments(parser)` says what it takes and
`run(args)` does it. What is heavy is imported inside `run`, so that help and the errors that are
known without Keras come at once.
"""

import argparse
import difflib
import importlib
import os
import re
import sys
from collections.abc import Sequence

import kerasgen
from kerasgen import durable
from kerasgen.cli import (
    card,
    compress,
    data,
    decompress,
    demo,
    denoise,
    detect,
    edit,
    enlarge,
    evaluate,
    export,
    inpaint,
    inputs,
    interpolate,
    list_presets,
    new,
    preset,
    probe,
    reconstruct,
    restyle,
    sample,
    tokenize,
    train,
    transfer,
    traverse,
    web,
)

COMMANDS = {
    "list": list_presets,
    "card": card,
    "sample": sample,
    "reconstruct": reconstruct,
    "new": new,
    "train": train,
    "preset": preset,
    "evaluate": evaluate,
    "probe": probe,
    "export": export,
    "tokenize": tokenize,
    "denoise": denoise,
    "inpaint": inpaint,
    "enlarge": enlarge,
    "restyle": restyle,
    "edit": edit,
    "interpolate": interpolate,
    "traverse": traverse,
    "detect": detect,
    "compress": compress,
    "decompress": decompress,
    "transfer": transfer,
    "data": data,
    "demo": demo,
    "web": web,
}


class _Parser(argparse.ArgumentParser):
    """argparse, but an error is one line: the usage is a `--help` away."""

    def error(self, message):
        self.exit(2, f"{self.prog}: error: {message} ({self.prog} --help lists what is possible)\n")


def parser() -> argparse.ArgumentParser:
    """The parser of the whole command line; `args.run(args)` runs the command that was read.

    >>> parser().prog
    'kerasgen'
    """
    top = _Parser(prog="kerasgen", description=kerasgen.__doc__)
    top.add_argument("--version", action="version", version=f"%(prog)s {kerasgen.__version__}")
    commands = top.add_subparsers(metavar="COMMAND", required=True)
    for name, module in COMMANDS.items():
        summary = module.__doc__.partition("\n")[0]
        command = commands.add_parser(name, help=summary, description=module.__doc__)
        command.set_defaults(run=module.run, command=command)
        module.add_arguments(command)
        imported = "a module of your own whose classes recipes or presets name; it is run"
        own = {"dest": "imports", "action": "append", "metavar": "MODULE", "default": []}
        command.add_argument("--import", **own, help=imported)
        command.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return top


def main(argv: Sequence[str] | None = None) -> None:
    """Runs one command.

    Args:
        argv: the words after `kerasgen`; those of the process by default.

    Raises:
        SystemExit: with status 2 after an error, which is one line on stderr.

    >>> main(["sample", "gmm_ring", "-n", "3", "--out", "points.csv"])
    points.csv: 3 samples
    """
    words = sys.argv[1:] if argv is None else argv
    args = _parse(words)
    if "tensorflow" not in sys.modules:  # where it is, it has decided, for what it starts too
        # By itself it uses oneDNN on some processors only; it is faster on the others too.
        os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    if not args.debug:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        if args.imports:
            inputs.load_keras()
            sys.path.insert(0, os.getcwd())  # where `python` looks, and this command does not
            for name in args.imports:
                importlib.import_module(name)
        args.run(args)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # whoever read the output has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        if args.debug:
            raise
        from kerasgen.rendering import printable

        message = " ".join(printable(str(error)).split()) or type(error).__name__
        if durable.is_full(error):
            message = (
                f"Expected room for what {words[0]} writes. Received: a full disk, or a limit on "
                f"what may be written ({message[:80]}). Make room, and run the same again."
            )
        print(f"kerasgen: error: {message}", file=sys.stderr)
        sys.exit(2)


def _parse(words):
    top = parser()
    for first in words[:1]:
        is_option = first.startswith("-")
        known = ("--help", "-h", "--version") if is_option else COMMANDS
        if first not in known:
            _refuse(top, "an option" if is_option else "a command", first, list(known))
    args, args.beam = top.parse_known_args(words)
    if args.beam and args.run is not tokenize.run:
        options = sorted(set(re.findall(r"(?<!\w)--?[a-z][\w-]*", args.command.format_help())))
        _refuse(args.command, "an option", args.beam[0], options)
    return args


def _refuse(parser, expected, received, known):
    near = difflib.get_close_matches(received, known, n=3, cutoff=0.5)
    names = f"Near names: {', '.join(near)}" if near else f"Known: {', '.join(known)}"
    parser.error(f"Expected {expected}. Received: {received!r}. {names}.")
