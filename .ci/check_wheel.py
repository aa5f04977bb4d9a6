"""Checks an installed wheel: it holds what git tracks and nothing else, and vae_mnist loads and
samples offline.

    python check_wheel.py WHEEL TRACKED

TRACKED lists the files below kerasgen/ and zoo/ that git tracks, one a line.
"""

import pathlib
import socket
import sys
import zipfile


def refuse(self, address):
    raise OSError(f"Expected no use of the network. Received: a connection to {address}.")


def main(wheel, tracked):
    names = set(zipfile.ZipFile(wheel).namelist())
    expected = {
        path.replace("zoo/", "kerasgen/zoo/presets/", 1) if path.startswith("zoo/") else path
        for path in pathlib.Path(tracked).read_text().splitlines()
    }
    found = {name for name in names if ".dist-info/" not in name}
    assert found == expected, (
        f"missing: {sorted(expected - found)}, not tracked: {sorted(found - expected)}"
    )
    megabytes = pathlib.Path(wheel).stat().st_size / 1e6
    assert megabytes < 100, f"{megabytes:.1f} MB"

    socket.socket.connect = refuse
    import kerasgen

    assert pathlib.Path(kerasgen.__file__).is_relative_to(sys.prefix), kerasgen.__file__
    model = kerasgen.zoo.load("vae_mnist")
    samples = model.sample(4, seed=0)
    assert samples.shape == (4, 28, 28, 1)
    nats = model.log_prob(samples, num_samples=10, seed=0)
    print(
        f"wheel of {megabytes:.1f} MB, {len(names)} files; vae_mnist scores its own samples {nats} "
        "nats"
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
