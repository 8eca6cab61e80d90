"""Networks on Ray: the weights of the local loop, also after workers and the command are killed."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.components.ray_cluster import PATIENCE_S, Cluster, cluster, wait_for
from tests.conftest import copy_installed, run
from tests.kinds.conftest import torch_index, torch_project

__all__ = ["cluster", "torch_index", "torch_project"]  # fixtures
WORKER = "ray::RayTrainWorker"
TRAIN = ("train", "model=network", "models.network.epochs=8", "models.network.patience=null")
WITHOUT_DROPOUT = "models.network.sizes.dropout=0"
# The largest difference of two runs' best weights, and the number of epochs.
DIFFERENCE = """
import sys, torch
one, other = (torch.load(path, weights_only=True) for path in sys.argv[1:])
weights = zip(one["best_weights"].values(), other["best_weights"].values(), strict=True)
print(max(float((a - b).abs().max()) for a, b in weights), len(one["history"]))
"""


@pytest.fixture(scope="module")
def project(torch_project: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    installed = torch_project(components=["torch", "ray"])
    return copy_installed(installed, tmp_path_factory.mktemp("ray") / "project")


@pytest.fixture(scope="module")
def expected(project: Path) -> Path:
    """The checkpoint of a training that was not spread."""
    return local(project, *TRAIN)


def local(project: Path, *words: str) -> Path:
    run(str(project / ".venv/bin/python"), "-m", "my_model", *words, cwd=project, PYTHONPATH="src")
    return newest(project)


def newest(project: Path) -> Path:
    """The checkpoint of the newest run."""
    return max((project / "logs").glob("2*")) / "checkpoint.pt"


def difference(project: Path, one: Path, other: Path) -> tuple[float, int]:
    """The largest difference of two weights, and the number of epochs."""
    python = str(project / ".venv/bin/python")
    largest, n_epochs = run(
        python, "-c", DIFFERENCE, str(one), str(other), cwd=project
    ).stdout.split()
    return float(largest), int(n_epochs)


def is_under_way(project: Path, before: set[Path], cluster: Cluster) -> bool:
    """Whether a run that is new has shown its second epoch, and has a worker."""
    path = newest(project)
    lines = path.with_name("log.txt")
    is_new = path not in before and lines.is_file()
    return is_new and "epoch   2:" in lines.read_text() and bool(workers(cluster))


def workers(cluster: Cluster) -> list[int]:
    return cluster.processes(WORKER)


@pytest.mark.slow
def test_one_worker_learns_the_same_bits(project, cluster, expected):
    done = cluster.run(project, *TRAIN, "engine=ray")

    assert done.returncode == 0, done.stderr
    assert "epoch   8: loss" in done.stdout
    assert "warning" not in done.stdout
    assert difference(project, newest(project), expected) == (0, 8)


@pytest.mark.slow
def test_two_workers_learn_what_one_does(project, cluster):
    alone = local(project, *TRAIN, WITHOUT_DROPOUT)

    done = cluster.run(project, *TRAIN, WITHOUT_DROPOUT, "models.network.processes=2", "engine=ray")

    assert done.returncode == 0, done.stderr
    assert difference(project, newest(project), alone)[0] < 1e-5


@pytest.mark.slow
def test_a_training_whose_worker_is_killed_learns_the_same_bits(project, cluster, expected):
    before = set(project.glob("logs/*/checkpoint.pt"))
    process = cluster.begin(project, *TRAIN, "engine=ray")
    wait_for(lambda: is_under_way(project, before, cluster), process)
    os.kill(workers(cluster)[0], signal.SIGKILL)

    out, problem = process.communicate(timeout=PATIENCE_S)

    assert process.returncode == 0, problem
    assert "worker 0 was lost after epoch" in out
    assert out.count("epoch   8:") == 1
    assert difference(project, newest(project), expected) == (0, 8)


@pytest.mark.slow
def test_a_training_that_is_killed_is_resumed_to_the_same_bits(project, cluster, expected):
    before = set(project.glob("logs/*/checkpoint.pt"))
    process = cluster.begin(project, *TRAIN, "engine=ray")
    wait_for(lambda: is_under_way(project, before, cluster), process)
    process.kill()
    process.communicate()

    done = cluster.run(project, "resume")

    assert done.returncode == 0, done.stderr
    assert "epoch   1:" not in done.stdout
    assert "epoch   8: loss" in done.stdout
    assert difference(project, newest(project), expected) == (0, 8)


@pytest.mark.slow
def test_a_loss_that_explodes_ends_it_with_the_same_line(project, cluster):
    words: tuple[Any, ...] = (*TRAIN, "models.network.lr=10000", "models.network.clip=null")
    command = [str(project / ".venv/bin/python"), "-m", "my_model", *words]
    here = run(*command, cwd=project, check=False, PYTHONPATH="src")

    there = cluster.run(project, *words, "engine=ray")

    assert here.returncode == there.returncode == 1
    assert there.stderr.splitlines()[-1] == here.stderr.splitlines()[-1]
    assert "lower models.network.lr" in there.stderr
    assert "was lost" not in there.stdout
