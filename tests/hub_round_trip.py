"""Publishes a preset on a hub on loopback and loads it: hub_round_trip.py PRESET HANDLE CACHE

A process of its own, because the hubs' libraries read their addresses from the environment, once.
Prints what was published, and errors, as JSON.
"""

import contextlib
import json
import os
import pathlib
import shutil
import sys

import numpy as np
from hub_server import Hub


def message(function, *args):
    try:
        function(*args)
    except ValueError as error:
        return str(error)


preset, handle, cache = sys.argv[1:]
is_kaggle = handle.startswith("kaggle")
with Hub(
    7777 if is_kaggle else 0
) as hub:  # kagglehub's address for tests, which it does not let choose
    os.environ |= {"HF_ENDPOINT": hub.url, "HF_HOME": cache, "HF_TOKEN": "hf_token"}
    os.environ |= {"KAGGLE_API_ENVIRONMENT": "TEST", "KAGGLEHUB_CACHE": cache, "HOME": cache}
    os.environ |= {"KAGGLE_USERNAME": "me", "KAGGLE_KEY": "key", "KERAS_HOME": cache}
    with contextlib.redirect_stdout(sys.stderr):
        from kerasgen import zoo

        said = {"unpublished": message(zoo.load, handle)}
        before = len(hub.requests)
        zoo.load(preset)
        said["requests for a folder"] = len(hub.requests) - before
        zoo.publish(preset, handle)
        (files,) = hub.models.values()
        said |= {"files": sorted(files), "name": zoo.folder(handle).name}
        ours, theirs = zoo.load(preset).get_weights(), zoo.load(handle).get_weights()
        said["same"] = all(map(np.array_equal, ours, theirs))
        files["card.md"] += b" "
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(
                pathlib.Path(cache, "models")
            )  # kagglehub does not look at a version again
        said["changed"] = message(zoo.load, handle)
    print(json.dumps(said))
