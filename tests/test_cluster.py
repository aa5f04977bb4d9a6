"""The files for clusters do as they stand what their workers need: one TF_CONFIG each."""

import json
import os
import pathlib
import subprocess

import pytest
import yaml

FOLDER = pathlib.Path(__file__).parents[1] / "examples" / "cluster"
ROOT = FOLDER.parents[1]


@pytest.fixture
def programs(tmp_path):
    """What the files call, as programs that say what they were given."""
    said = "import json, os, sys\n"
    said += "with open(os.environ['SAID'], 'a') as file:\n"
    said += "    json.dump([sys.argv[1:], os.environ['TF_CONFIG']], file)\n    file.write('\\n')\n"
    texts = {
        "kerasgen": f"#!/usr/bin/env python3\n{said}",
        "scontrol": "#!/bin/sh\necho node3\necho node7\n",
        "srun": '#!/bin/sh\nshift\nfor i in 0 1; do SLURM_PROCID=$i "$@" || exit; done\n',
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    return {"PATH": path, "SAID": str(tmp_path / "said")}


def said(environment):
    lines = pathlib.Path(environment["SAID"]).read_text().splitlines()
    return [(words, json.loads(config)) for words, config in map(json.loads, lines)]


def test_slurm_starts_a_worker_a_node(programs):
    job = {"SLURM_JOB_NODELIST": "node[3,7]", "SLURM_JOB_ID": "12345"}
    script = ["bash", str(FOLDER / "slurm.sh"), "vae_mnist", "--data", "a b.npz"]
    subprocess.run(script, env=programs | job, check=True)
    workers = said(programs)
    assert [config["task"]["index"] for _, config in workers] == [0, 1]
    for words, config in workers:
        assert config["cluster"] == {"worker": ["node3:22345", "node7:22345"]}
        assert words[:3] == ["train", "vae_mnist", "--data"] and words[3] == "a b.npz"
        assert {"--resume", "multiworker", "runs/vae_mnist"} <= set(words)


def test_kubernetes_starts_a_worker_a_pod(programs, tmp_path):
    service, claim, job = yaml.safe_load_all((FOLDER / "kubernetes.yaml").read_text())
    pod = job["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    environment = {each["name"]: each["value"] for each in container["env"]}
    assert job["spec"]["completions"] == job["spec"]["parallelism"] == int(environment["WORKERS"])
    assert service["metadata"]["name"] == pod["subdomain"]
    assert service["spec"]["selector"] == {"job-name": job["metadata"]["name"]}
    assert pod["volumes"][0]["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
    script = container["args"][0].replace("/runs", str(tmp_path))
    (tmp_path / f"{environment['DATA']}.npz").touch()
    for index in (0, 3):
        command = [*container["command"], script]
        task = {"JOB_COMPLETION_INDEX": str(index)}
        subprocess.run(command, env=programs | environment | task, check=True)
    (_, first), (words, last) = said(programs)
    port = service["spec"]["ports"][0]["port"]
    addresses = [f"{job['metadata']['name']}-{i}.{pod['subdomain']}:{port}" for i in range(4)]
    assert first["cluster"] == last["cluster"] == {"worker": addresses}
    assert last["task"] == {"type": "worker", "index": 3}
    assert words[:2] == ["train", environment["RECIPE"]] and "--resume" in words
