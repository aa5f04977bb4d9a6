"""Writes the contract of the exported presets: `python -m kerasgen.export [PRESET ...] [--output
export/README.md]`.
"""

import argparse
import tempfile

from kerasgen import export, zoo

parser = argparse.ArgumentParser(
    prog="python -m kerasgen.export", description=__doc__.partition(":")[0] + "."
)
parser.add_argument(
    "presets", nargs="*", default=zoo.names(), metavar="PRESET", help="all by default"
)
parser.add_argument("--output", default="export/README.md", help="the Markdown file to write")
arguments = parser.parse_args()
for name in arguments.presets:
    with tempfile.TemporaryDirectory() as folder:
        print(name, flush=True)
        export.contract({name: export.every_format(zoo.load(name), folder)}, arguments.output)
print(arguments.output)
