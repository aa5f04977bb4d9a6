"""Writes what each preset that ships does, takes and makes, by which commands answer at once.

python -m kerasgen.tasks
"""

import json

from kerasgen import zoo
from kerasgen.zoo import known

if __name__ == "__main__":
    found = {name: known.of(zoo.load(name))._asdict() for name in zoo.names()}
    lines = [f"{json.dumps(name)}: {json.dumps(each)}" for name, each in found.items()]
    known.FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n")
