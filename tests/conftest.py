"""What the tests share: two logical CPU devices, digits and tiny models."""

import gc
import os
import pathlib
import shutil
import subprocess
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# As the command sets it: a test's process and those that it starts compute the same to the bit.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
# What XLA makes of a step of a tiny model runs for milliseconds, and takes seconds to optimize.
os.environ.setdefault(
    "XLA_FLAGS",
    "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true",
)

import keras
import numpy as np
import pytest

if keras.backend.backend() == "tensorflow":
    import tensorflow as tf

    # Before TensorFlow is used for anything else: two devices, so that a strategy has two replicas.
    tf.config.set_logical_device_configuration(
        tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
    )

from command_line import TINY
from PIL import Image
from tiny import (
    tiny_tokenizer,
    tiny_vae,
)
from tiny_preset import METRICS, tiny_recipe, trained

from kerasgen import (
    zoo,
)
from kerasgen.data.synthetic.toys import TOYS


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """A file's tests run in one process, which shares its fixtures; the conformance table, a
    model's.
    """
    for item in items:
        is_table = item.path.stem == "test_conformance" and hasattr(item, "callspec")
        row = item.callspec.params.get("name", "") if is_table else ""
        item.add_marker(pytest.mark.xdist_group(f"{item.path.stem} {row}"))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """Where a run of everything must end, slow tests give way: see `.ci/run`."""
    is_late = time.time() > float(os.environ.get("KERASGEN_SLOW_TESTS_UNTIL", "inf"))
    if is_late and item.get_closest_marker("slow"):
        pytest.skip("the time of the slow tests was up")


def pytest_collection_finish():
    """What imports made stays; Python need not look through it for garbage again and again."""
    gc.freeze()


@pytest.fixture(autouse=True, scope="session")
def one_converter():
    """TFLite files of all tests come from one process: importing TensorFlow takes it longer than
    a tiny model.
    """
    if keras.backend.backend() != "tensorflow":
        yield
        return
    from kerasgen.export import conversion

    with conversion.one_process():
        yield


@pytest.fixture(autouse=True)
def seeded():
    """Whatever a test draws without a seed is the same in every run and in every order of the
    tests.
    """
    keras.utils.set_random_seed(0)


@pytest.fixture
def plain_ends(monkeypatch):
    """Runs end without pictures and without rounding, where a test asks how they train."""
    from kerasgen import reports
    from kerasgen.zoo import rounding

    monkeypatch.setattr(reports.Report, "pictures", lambda *arguments: {})
    monkeypatch.setattr(rounding, "round_weights", lambda *arguments: None)


@pytest.fixture(scope="session")
def two_replicas():
    """A strategy of two replicas on the CPU.

    One for all tests, and without collective operations, whose keys two strategies in one process
    would share.
    """
    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"], tf.distribute.ReductionToOneDevice())


@pytest.fixture(scope="session")
def digits():
    """`[256, 8, 8, 1]` float32 in [0, 1] and int32 labels `[256]`."""
    from sklearn.datasets import load_digits

    data = load_digits()
    return (data.images[:256, :, :, None] / 16).astype("float32"), data.target[:256].astype("int32")


@pytest.fixture(scope="session")
def images(digits):
    return digits[0]


@pytest.fixture
def vae():
    return tiny_vae()


@pytest.fixture
def conditional_vae():
    return tiny_vae(num_classes=10)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture(scope="module")
def tiny_model(images):
    return trained(tiny_recipe(), images)


@pytest.fixture(scope="module")
def saved(tiny_model, images, tmp_path_factory):
    return zoo.save(
        tiny_model, tmp_path_factory.mktemp("zoo") / "tiny", tiny_recipe(), METRICS, images
    )


@pytest.fixture
def preset(saved, tmp_path):
    """A copy to spoil."""
    return pathlib.Path(shutil.copytree(saved, tmp_path / "tiny"))


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """A preset as the command line names it; not to be spoiled."""
    return str(
        zoo.save(
            TINY.build(), tmp_path_factory.mktemp("zoo") / "tiny", TINY, {**METRICS, "figures": {}}
        )
    )


@pytest.fixture(scope="session")
def points():
    """Points of eight Gaussians, `[96, 2]`."""
    return TOYS["eight_gaussians"].sample(96, seed=0)


@pytest.fixture(scope="session")
def tokenizer():
    return tiny_tokenizer("vq")


@pytest.fixture(scope="session")
def pictures():
    """`{name: [8, 8] uint8}`."""
    rng = np.random.default_rng(0)
    return {
        f"{'Ab'[i % 2]}/{i:03}.{'png' if i else 'PNG'}": rng.integers(
            256, size=(8, 8), dtype="uint8"
        )
        for i in range(23)
    }


@pytest.fixture
def picture_folder(pictures, tmp_path):
    """The pictures as files, with one that is damaged, one of another size, and one that is no
    picture.
    """
    folder = tmp_path / "images"
    for name, pixels in pictures.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(folder / name)
    (folder / "A" / "damaged.png").write_bytes((folder / "A" / "002.png").read_bytes()[:40])
    Image.new("L", (9, 8)).save(folder / "wide.png")
    (folder / "notes.txt").write_text("not a picture")
    return folder


@pytest.fixture(scope="session")
def of_senses():
    """A trained model of a picture, a wave and a number."""
    from senses import fitted

    return fitted()


@pytest.fixture
def freeze():
    """Makes folders that nobody can write, root neither, until the end of a test."""
    if os.name == "nt":
        pytest.skip("Windows has no such folders")
    frozen = []

    def run(*words):
        subprocess.run(words, check=True, capture_output=True)

    def set_modes(folder, mode):
        for each in [folder, *(path for path in folder.rglob("*") if path.is_dir())]:
            each.chmod(mode)

    def freeze(folder):
        if os.geteuid():
            frozen.append(folder)
            set_modes(folder, 0o555)
            return folder
        try:
            run("mount", "--bind", folder, folder)
        except (OSError, subprocess.CalledProcessError):
            pytest.skip("root can write everywhere here")
        frozen.append(folder)
        run("mount", "-o", "remount,ro,bind", folder)
        return folder

    yield freeze
    for folder in frozen:
        set_modes(folder, 0o755) if os.geteuid() else run("umount", folder)
