"""The laboratory: a static page on which models of the zoo run in the browser.

`write` makes a folder of the page, the wasm runtime and the models that the page's exhibits run;
`serve` shows a folder on loopback. The folder goes on any static host as it is.
"""

from kerasgen.web.laboratory import write
from kerasgen.web.server import serve, server

__all__ = ["serve", "server", "write"]
