"""A folder behind HTTP, for this machine alone."""

import functools
import http.server
import pathlib
from typing import Any

_TYPES = {".js": "text/javascript", ".json": "application/json", ".wasm": "application/wasm"}


class _Handler(http.server.SimpleHTTPRequestHandler):
    extensions_map = http.server.SimpleHTTPRequestHandler.extensions_map | _TYPES

    def end_headers(self):
        self.send_header("Cache-Control", "no-cache")  # a folder that is written anew shows at once
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the terminal says where the page is."""


def server(folder: pathlib.Path, port: int = 0) -> http.server.ThreadingHTTPServer:
    """A server of a folder on loopback, not yet serving: `serve_forever()` does.

    Args:
        folder: with an `index.html`.
        port: 0 takes one that is free; `server_port` tells which.

    Raises:
        ValueError: another program listens at the port, or there is no such port.

    >>> with server(pathlib.Path(".")) as running:
    ...     print(running.server_address[0])
    127.0.0.1
    """
    handler = functools.partial(_Handler, directory=str(folder))
    try:
        return http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)
    except (OSError, OverflowError) as error:
        raise ValueError(
            f"Expected a free port below 65536. Received: {port} ({error}). Name another by "
            "--port; 0 takes one that is free."
        ) from error


def serve(folder: pathlib.Path, port: int = 0) -> None:
    """Serves a folder on loopback until it is interrupted, and prints where.

    >>> serve(pathlib.Path("laboratory"))  # doctest: +SKIP
    """
    with server(folder, port) as running:
        print(f"http://127.0.0.1:{running.server_port}/ (Ctrl-C ends it)", flush=True)
        running.serve_forever()
