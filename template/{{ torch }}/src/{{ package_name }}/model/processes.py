"""Train a network in this process, or in several that torchrun starts."""

import os
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist

from ..utils import logs
from ..utils.errors import CheckFailed
from .losses import build_loss
from .networks import AUGMENT, NETWORKS
from .training import Examples, Options, TrainingLoop
from .weights import load_weights

JOB, RESULT = "job.pt", "result.pt"


@dataclass(frozen=True)
class Job:
    """A network to train. sizes, loss_options: keywords of its builder and of its loss."""

    train: Examples
    valid: Examples
    options: Options
    network: str
    sizes: dict[str, Any]
    n_outputs: int
    loss: str
    loss_options: dict[str, Any]
    weights: str | None = None  # a file to begin with


def run_job(job: Job, folder: Path | None = None) -> dict[str, Any]:
    """`weights` of the best epoch, and `history`. folder: of the checkpoint."""
    torch.manual_seed(job.options.seed)  # the first weights, the same in every process
    network = NETWORKS[job.network](job.train.X, job.n_outputs, **job.sizes)
    if job.weights:
        load_weights(network, job.weights)
    loss = build_loss(job.loss, job.loss_options)
    loop = TrainingLoop(network, loss, job.train, job.valid, job.options, AUGMENT, folder)
    history = loop.run()
    return {"weights": loop.best_weights, "history": history}


def spread(job: Job, n_processes: int, folder: Path | None = None) -> dict[str, Any]:
    """The same in n_processes; raises CheckFailed where one of them fails."""
    with tempfile.TemporaryDirectory() as place:
        parts = {"train": vars(job.train), "valid": vars(job.valid)}
        plain = {name: value for name, value in vars(job).items() if name not in parts}
        torch.save(plain | parts | {"options": asdict(job.options)}, Path(place, JOB))
        command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
        command += [f"--nproc-per-node={n_processes}", "-m", __name__, place, str(folder or "")]
        threads = {"OMP_NUM_THREADS": str(torch.get_num_threads())}
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env=os.environ | threads
        ) as group:
            for line in group.stdout or ():
                logs.log("", line.strip())
        if group.returncode:
            raise CheckFailed(f"one of {n_processes} processes failed; its error stands above")
        return dict(torch.load(Path(place, RESULT), weights_only=True))


def main(place: Path, folder: Path | None) -> None:
    """One process of the group."""
    content = torch.load(place / JOB, weights_only=True, mmap=True)
    for name, kind in (("train", Examples), ("valid", Examples), ("options", Options)):
        content[name] = kind(**content[name])
    dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    try:
        with logs.on_screen():
            found = run_job(Job(**content), folder)
        if dist.get_rank() == 0:
            torch.save(found, place / RESULT)
    finally:
        dist.destroy_process_group()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if sys.argv[2] else None)
