"""Write the laboratory, a page on which models of the zoo run in a browser, and show it.

The page computes in the browser: the folder goes on any static host, and asks nothing of another.
Its runtime is the npm package @litertjs/core, which is fetched only where you ask for it.
"""

import argparse
import pathlib

from kerasgen import web
from kerasgen.cli import arguments, inputs
from kerasgen.web import laboratory, runtime


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments.

    >>> parser = argparse.ArgumentParser()
    >>> add_arguments(parser)
    >>> parser.parse_args(["page", "--serve"]).port
    8000
    """
    folder = "to write (default: %(default)s); what is right in it stays"
    parser.add_argument(
        "folder", nargs="?", type=arguments.new_folder, default="export/web", help=folder
    )
    source = parser.add_mutually_exclusive_group()
    download = f"fetch the runtime, @litertjs/core {runtime.VERSION}, 12 MB, from the npm registry"
    source.add_argument("--download", action="store_true", help=download)
    installed = "where `npm install @litertjs/core` ran, or another laboratory's runtime/"
    source.add_argument("--runtime", type=pathlib.Path, metavar="FOLDER", help=installed)
    parser.add_argument("--serve", action="store_true", help="show it on this machine afterwards")
    port = "of --serve (default: %(default)s; 0 takes one that is free)"
    parser.add_argument("--port", type=arguments.port, default=8000, metavar="N", help=port)


def run(args: argparse.Namespace) -> None:
    """Runs the command; without a runtime it says how to get one.

    >>> kerasgen.cli.main(["web", "page"])
    Traceback (most recent call last):
    SystemExit: 2
    """
    laboratory.check(args.folder)
    if args.serve:
        web.server(args.folder, args.port).server_close()  # a port that is taken is told at once
    files = runtime.download() if args.download else runtime.read(_runtime(args))
    inputs.load_keras()
    folder = web.write(args.folder, files, progress=True)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    print(f"{folder}: {size / 1e6:.1f} MB")
    if args.serve:
        web.serve(folder, args.port)
    else:
        print(f"kerasgen web {folder} --serve shows it")


def _runtime(args):
    """Where the runtime is; that of an earlier laboratory is found by itself."""
    if args.runtime is not None:
        return args.runtime
    own = args.folder / "runtime"
    if not own.is_dir():
        raise ValueError(
            "Expected the page's runtime, which kerasgen does not bring. Received: neither "
            "--download nor --runtime. Add --download, which fetches 12 MB from the npm registry "
            "once."
        )
    return own
