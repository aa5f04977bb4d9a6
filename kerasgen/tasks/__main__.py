"""Writes what each preset that ships does, which `kerasgen list --task` answers by.

python -m kerasgen.tasks
"""

import json

from kerasgen import abilities, zoo
from kerasgen.tasks.possible import possible
from kerasgen.zoo import index

if __name__ == "__main__":
    models = {name: zoo.load(name) for name in zoo.names()}
    done = {name: [*abilities.methods(each), *possible(each)] for name, each in models.items()}
    index.DONE.write_text(json.dumps(done, indent=1) + "\n")
