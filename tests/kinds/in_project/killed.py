"""Train a network, killed at each of the given steps and resumed; prints digests as JSON.

`python killed.py FOLDER STEP...` in a project's environment. Each training is a process of its
own, forked from this one, which has imported everything and trained nothing.
"""

# mypy: disable-error-code="import-not-found,import-untyped,no-untyped-call"
from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import torch
from my_model.model import processes
from my_model.model.options import Examples, Options
from my_model.model.training import TrainingLoop
from sklearn.datasets import load_digits
from torch import nn

N_ROWS = 160
PARTS = (slice(0, 112), slice(112, None))
OPTIONS = Options(epochs=5, batch_size=16, accumulate=2, checkpoint_steps=3, schedule="plateau")


def convolutional(X: torch.Tensor, n_outputs: int) -> nn.Module:
    """With all that depends on what came before: BatchNorm and dropout."""
    return nn.Sequential(
        nn.Conv2d(1, 4, 3),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.Flatten(),
        nn.Dropout(0.3),
        nn.Linear(144, n_outputs),
    )


def shifted(X: torch.Tensor, draws: Any) -> torch.Tensor:
    """Augmentation: brighter by up to a fifth."""
    return X * (1 + 0.2 * draws(1)[:, :, None, None])


def job() -> processes.Job:
    """Digits, of which the last are valid."""
    images, labels = load_digits(return_X_y=True)
    X = torch.tensor(images[:N_ROWS], dtype=torch.float32).reshape(-1, 1, 8, 8) / 16
    y, weight = torch.tensor(labels[:N_ROWS]), torch.ones(N_ROWS)
    train, valid = (Examples(X[part], y[part], weight[part]) for part in PARTS)
    return processes.Job(train, valid, OPTIONS, "convolutional", {}, 10, "cross_entropy", {})


def train(folder: Path, kill_at: int | None = None) -> None:
    """In this process; SIGKILL before the step of that number."""
    step, n_steps = TrainingLoop._step, 0

    def counted(loop: TrainingLoop, batch: torch.Tensor) -> None:
        nonlocal n_steps
        n_steps += 1
        if n_steps == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        step(loop, batch)

    TrainingLoop._step = counted
    found = processes.run_job(job(), folder)
    assert not [name for name in sys.modules if "tensorboard" in name], "it is off"
    digest = hashlib.sha256()
    for value in found["weights"].values():
        digest.update(value.numpy().tobytes())
    (folder / "digest").write_text(digest.hexdigest() + json.dumps(found["history"]))


def forked(folder: Path, kill_at: int | None = None) -> int:
    """The status of a process that trains in this folder."""
    folder.mkdir(exist_ok=True)
    if child := os.fork():
        return os.waitpid(child, 0)[1]
    code = 1
    try:
        train(folder, kill_at)
        code = 0
    finally:
        os._exit(code)


if __name__ == "__main__":
    root = Path(sys.argv[1])
    # The first optimiser imports for seconds; it trains nothing.
    torch.optim.AdamW([nn.Parameter(torch.zeros(1))])
    processes.NETWORKS["convolutional"] = convolutional
    processes.AUGMENT = shifted
    found = {"unbroken": ([forked(root / "unbroken")], "unbroken")}
    for place, kill_at in enumerate(map(int, sys.argv[2:])):
        folder = root / str(place)
        statuses = [forked(folder, kill_at), forked(folder)]
        found[f"{place} killed at step {kill_at}"] = (statuses, folder.name)
    lines = {
        name: [*statuses, (root / folder / "digest").read_text()]
        for name, (statuses, folder) in found.items()
    }
    print(json.dumps(lines))
