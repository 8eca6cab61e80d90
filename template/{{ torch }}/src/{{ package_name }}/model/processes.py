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
from torch import nn

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

    def loop(
        self, folder: Path | None = None, kind: type[TrainingLoop] = TrainingLoop
    ) -> TrainingLoop:
        """Its loop, with the untrained network. folder: of the checkpoint."""
        torch.manual_seed(self.options.seed)  # the first weights, the same in every process
        network, loss = self.build(), build_loss(self.loss, self.loss_options)
        if self.weights:
            load_weights(network, self.weights)
        return kind(network, loss, self.train, self.valid, self.options, AUGMENT, folder)

    def build(self) -> nn.Module:
        """The untrained network; raises ValueError where a size is not its own."""
        try:
            return NETWORKS[self.network](self.train.X, self.n_outputs, **self.sizes)
        except TypeError as error:
            raise ValueError(f"conf/default.yaml: models.network.sizes: {error}") from error


def run_job(job: Job, folder: Path | None = None) -> dict[str, Any]:
    """`weights` of the best epoch, and `history`. folder: of the checkpoint."""
    loop = job.loop(folder)
    history = loop.run()
    return {"weights": loop.best_weights, "history": history}


def spread(
    job: Job, n_processes: int, torchrun: list[str] | None = None, folder: Path | None = None
) -> dict[str, Any]:
    """The same in n_processes on this machine, and in those of others that torchrun names.

    Raises what the loop raises, and CheckFailed where a process is killed.
    """
    with tempfile.TemporaryDirectory() as place:
        parts = {"train": vars(job.train), "valid": vars(job.valid)}
        plain = {name: value for name, value in vars(job).items() if name not in parts}
        torch.save(plain | parts | {"options": asdict(job.options)}, Path(place, JOB))
        command = [sys.executable, "-m", "torch.distributed.run", *(torchrun or ["--standalone"])]
        command += [f"--nproc-per-node={n_processes}", "-m", __name__, place, str(folder or "")]
        paths = [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]  # this code
        chosen = {"PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": str(job.options.threads)}
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env=os.environ | chosen
        ) as group:
            try:
                for line in group.stdout or ():
                    logs.log("", line.strip())
            except KeyboardInterrupt:
                group.terminate()  # torchrun ends its processes
                raise
        result = Path(place, RESULT)
        found = dict(torch.load(result, weights_only=True)) if result.is_file() else {}
    if "failed" in found:
        raise CheckFailed(found["failed"])
    if "mistake" in found:
        raise ValueError(found["mistake"])
    if group.returncode:
        raise CheckFailed(f"one of {n_processes} processes ended; its error stands above")
    return found


def main(place: Path, folder: Path | None) -> None:
    """One process of the group; those of a machine find the same, and the first one writes it."""
    content = torch.load(place / JOB, weights_only=True, mmap=True)
    for name, kind in (("train", Examples), ("valid", Examples), ("options", Options)):
        content[name] = kind(**content[name])
    dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    try:
        with logs.on_screen():
            found = run_job(Job(**content), folder)
        dist.barrier()
    except CheckFailed as error:
        found = {"failed": str(error)}
    except ValueError as error:
        found = {"mistake": str(error)}
    if os.environ["LOCAL_RANK"] == "0":
        torch.save(found, place / RESULT)
    # The end of the interpreter meets threads of gloo now and then, and aborts.
    os._exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if sys.argv[2] else None)
