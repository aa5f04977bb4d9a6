"""Tables of numbers become files that train, in the units of their columns."""

import re
import shlex

import numpy as np
import pytest
from refusals import refusal

from kerasgen import bottlenecks, cli, data, events, families, likelihoods, networks

RNG = np.random.default_rng(0)

TABLE = "height,weight,name,sex,same\n" + "".join(
    f"{1.7 + 0.1 * a:.4f},{70 + 15 * b:.3f},someone,{'fm'[k]},3\n"
    for (a, b), k in zip(RNG.standard_normal((300, 2)), RNG.integers(2, size=300))
)


def test_a_table_keeps_names_and_units_and_says_what_it_leaves_out(tmp_path):
    (tmp_path / "people.csv").write_text(TABLE + ",80,someone,f,3\n")
    done = data.table(tmp_path / "people.csv", tmp_path / "people.npz", label="sex")
    assert done.event.columns == ["height", "weight"] and done.classes == ["f", "m"]
    assert sum(done.sizes.values()) == 300 and done.sizes["test"] > 10
    said = " ".join(done.notes)
    assert "name" in said and "same" in said and "lines 302" in said
    source = data.open(None, npz=done.path)
    assert source.event == done.event
    standardized = done.event.standardized(source.array())
    np.testing.assert_allclose(standardized.mean(0), 0, atol=1e-3)
    np.testing.assert_allclose(standardized.std(0), 1, atol=1e-3)
    np.testing.assert_allclose(done.event.in_units(standardized), source.array(), rtol=1e-5)


def test_copies_of_rows_are_counted(tmp_path):
    head, *rows = TABLE.splitlines()
    (tmp_path / "twice.csv").write_text("\n".join([head, *rows, *rows]) + "\n")
    once = data.table(tmp_path / "twice.csv", tmp_path / "twice.npz", label="sex")
    assert any(note.startswith(f"{once.sizes['train'] // 2} ") for note in once.notes)


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_other_delimiters_are_seen(delimiter, tmp_path):
    (tmp_path / "a.csv").write_text(TABLE.replace(",", delimiter))
    done = data.table(tmp_path / "a.csv", tmp_path / "a.npz")
    assert done.event.columns == ["height", "weight"]


def test_a_decimal_comma_is_one(tmp_path):
    (tmp_path / "a.csv").write_text("a;b\n1,5;2\n-2,5;3\n")
    done = data.table(tmp_path / "a.csv", tmp_path / "a.npz")
    rows = np.concatenate([data.open(None, s, npz=done.path).array() for s in done.sizes])
    assert sorted(rows[:, 0].tolist()) == [-2.5, 1.5]


@pytest.mark.parametrize(
    "text, told",
    [
        ("1,2\n3,4\n", "column names"),
        ("5.1,3.5,setosa\n4.9,3.0,setosa\n", "column names"),
        ("a,a\n1,2\n3,4\n", "column names"),
        ("", "column names"),
        ("a,b\n", "numeric columns"),
        ("a b\n1 2\n3 4\n", "separated"),
        ("a,b\n1,2\n", "Received: 1"),
        ("gr\xf6\xdfe,b\n1,2\n3,4\n".encode("latin-1"), "UTF-8"),
        ("a,b\n1,2\n3,4\n".encode("utf-16"), "UTF-8"),
        (b"PK\x03\x04\xff", "UTF-8"),
    ],
    ids=str,
)
def test_what_is_no_table(text, told, tmp_path):
    (tmp_path / "a.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    assert told in refusal(lambda: data.table(tmp_path / "a.csv", tmp_path / "a.npz"))


@pytest.mark.parametrize(
    "columns", [np.eye(3), {"a": 1.0}, {"a": [1, 2, 3], "b": [1, 2]}, {}], ids=str
)
def test_what_are_no_columns(columns, tmp_path):
    assert "column" in refusal(lambda: data.table(columns, tmp_path / "a.npz"))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "line, told",
    [
        ("1,2,3", "lines 5"),  # more values than columns
        ("1e39,2", "lines 5"),  # more than float32 holds
        ("inf,2", "lines 5"),
        ("1", "lines 5"),
        ("#N/A,2", "lines 5"),
        ("1,x4", "b ('x4', line 5)"),
    ],
)
def test_lines_that_are_left_out_are_told(line, told, tmp_path):
    """The blank line counts, as it does in an editor."""
    whole = "\n".join(f"{n},{n * n}" for n in range(20))
    (tmp_path / "a.csv").write_text(f"a,b\n\n1,2\n2,3\n{line}\n{whole}\n")
    done = data.table(tmp_path / "a.csv", tmp_path / "a.npz")
    assert told in " ".join(done.notes)
    assert sum(done.sizes.values()) == 22 + ("x4" in line)


def test_columns_without_a_name_are_told(tmp_path):
    """An index that pandas writes, a comma at the end of every line."""
    rows = "".join(f"{n},{n % 7},\n" for n in range(20))
    (tmp_path / "a.csv").write_text(",2019,\n" + rows)
    with pytest.raises(ValueError, match="column names"):
        data.table(tmp_path / "a.csv", tmp_path / "a.npz")
    (tmp_path / "a.csv").write_text(",sold,\n" + rows)
    done = data.table(tmp_path / "a.csv", tmp_path / "a.npz")
    assert done.event.columns == ["sold"] and "2 columns without a name" in " ".join(done.notes)
    (tmp_path / "a.csv").write_text("city,2019\n" + rows)
    done = data.table(tmp_path / "a.csv", tmp_path / "a.npz")
    assert "city, 2019" in " ".join(done.notes)


def test_times_that_float32_does_not_tell_apart_are_named(tmp_path):
    table = {"time": 1.7e9 + np.arange(100.0), "x": np.arange(100.0)}
    done = data.table(table, tmp_path / "a.npz")
    assert [note for note in done.notes if "time" in note and "x" not in note.split()]


def test_densities_and_samples_of_a_table_are_in_its_units(tmp_path):
    """Of columns in other units the density changes by the units' ratio, and nothing else."""
    plain = RNG.multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]], 400).astype("float32")
    units = np.array([1.0, 3000.0]), np.array([0.1, 20_000.0])
    scaled = (plain * units[1] + units[0]).astype("float32")
    means, scales = scaled.mean(0), scaled.std(0)
    kinds = {
        "table": (scaled, events.Table(["a", "b"], means.tolist(), scales.tolist())),
        "plain": ((scaled - means) / scales, events.Vector(2)),
    }
    found = {}
    for name, (x, event) in kinds.items():
        gmm = families.Mixture(event, 2, covariance="full")
        gmm.fit_em(x)
        drawn = np.asarray(gmm.sample(500, seed=0))
        found[name] = np.asarray(gmm.log_prob(x)), drawn
    shift = np.log(scales).sum()
    np.testing.assert_allclose(found["table"][0], found["plain"][0] - shift, atol=1e-2)
    np.testing.assert_allclose(
        found["table"][1], found["plain"][1] * scales + means, rtol=1e-3, atol=1e-2
    )
    vae = families.LatentVariableModel(
        kinds["table"][1],
        networks.MLP([8], hidden=[8]),
        bottlenecks.Gaussian(2),
        networks.MLP(hidden=[8]),
        likelihoods.Gaussian("learned"),
    )
    drawn = np.asarray(vae.sample(2000, seed=0))
    np.testing.assert_allclose(drawn.mean(0), means, atol=scales.max())
    assert (abs(np.log10(drawn.std(0) / scales)) < 1).all()


def test_each_command_names_the_next(tmp_path, monkeypatch, capsys):
    """From a table to samples by what is printed."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "people.csv").write_text(TABLE)
    command = ["data", "import", "people.csv", "people.npz"]
    typed = []
    while command:
        cli.main(command)
        typed.append(command[0])
        said = re.findall(r"`kerasgen (.*?)`", capsys.readouterr().out)
        command = shlex.split(said[0]) if said else []
    assert typed == ["data", "new", "train", "sample"]
    assert (tmp_path / "samples.csv").read_text().startswith("height,weight\n")
