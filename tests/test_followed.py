"""Whoever follows `kerasgen evaluate` call by call is not sent back and forth between files."""

import pathlib
import sys

from command_line import needs_tensorflow

import kerasgen
from kerasgen import cli, zoo

pytestmark = needs_tensorflow
PACKAGE = f"{pathlib.Path(kerasgen.__file__).parent}/"
# What decorators wrap is called by its own name, and the backend from everywhere, as Keras is.
OUTSIDE = ("registration.py", "entrance.py", "backend/tensorflow.py")


def returns(act):
    """Pairs of functions, one calling the other, by which a chain of calls comes back to a file
    that it had left: it stands further up, with another file in between.
    """
    chain, found = [], set()

    def follow(frame, event, _):
        file = frame.f_code.co_filename.removeprefix(PACKAGE)
        if file in (frame.f_code.co_filename, *OUTSIDE):
            return
        if event == "call":
            function = (file, frame.f_code.co_name)
            if chain and chain[-1][0] != file and file in {above for above, _ in chain}:
                found.add((chain[-1], function))
            chain.append(function)
        elif event == "return" and chain:
            chain.pop()

    before = sys.getprofile()
    sys.setprofile(follow)
    try:
        act()
    finally:
        sys.setprofile(before)
    return sorted(found)


def test_few_calls_come_back_to_a_file_that_they_had_left(tiny):
    zoo.load(tiny)  # imports
    found = returns(lambda: cli.main(["evaluate", tiny, "--num-samples", "5"]))
    files = {(caller[0], called[0]) for caller, called in found}
    assert ("metrics/figure.py", "metrics/likelihood.py") in files  # is given a function to call
    assert len(found) <= 10, "\n".join(map(str, found))
