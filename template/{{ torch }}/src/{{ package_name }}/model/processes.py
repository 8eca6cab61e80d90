"""Train a network in this process, or in several that torchrun starts on this machine."""

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import nn

from ..utils import logs
from ..utils.errors import CheckFailed
from .losses import build_loss
from .networks import AUGMENT, NETWORKS
from .options import Examples, Options
from .training import TrainingLoop
from .weights import load_weights

JOB, RESULT = "job.pt", "result.pt"
PARTS: dict[str, Any] = {"train": Examples, "valid": Examples, "options": Options}


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
    return {"history": loop.run(), "weights": loop.best_weights}


def spread(job: Job, n_processes: int, folder: Path | None = None) -> dict[str, Any]:
    """The same in n_processes; raises what the loop does, CheckFailed where one is killed."""
    with tempfile.TemporaryDirectory() as place:
        content = {**vars(job), **{name: vars(getattr(job, name)) for name in PARTS}}
        torch.save(content, Path(place, JOB))
        launcher = ["-m", "torch.distributed.run", "--standalone"]
        launcher += [f"--nproc-per-node={n_processes}", "-m", __name__, place, str(folder or "")]
        paths = [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]  # this code
        chosen = {"PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": str(job.options.threads)}
        with subprocess.Popen(
            [sys.executable, *launcher], stdout=subprocess.PIPE, text=True, env=os.environ | chosen
        ) as group:
            try:
                for line in group.stdout or ():
                    logs.log("", line.strip())
            except KeyboardInterrupt:
                group.terminate()  # torchrun ends its processes
                raise
        result = Path(place, RESULT)
        found = dict(torch.load(result, weights_only=True)) if result.is_file() else {}
    if "error" in found:
        raise (ValueError if found["is_mistake"] else CheckFailed)(found["error"])
    if group.returncode:
        raise CheckFailed(f"one of {n_processes} processes ended; its error stands above")
    return found


def main(place: Path, folder: Path | None) -> None:
    """One process of the group; all find the same, and the first one writes it."""
    content = torch.load(place / JOB, weights_only=True, mmap=True)
    for name, part in PARTS.items():
        content[name] = part(**content[name])
    dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    try:
        with logs.on_screen():
            found = run_job(Job(**content), folder)
        dist.barrier()
    except (CheckFailed, ValueError) as error:
        found = {"error": str(error), "is_mistake": isinstance(error, ValueError)}
    if os.environ["LOCAL_RANK"] == "0":
        torch.save(found, place / RESULT)
    # The end of the interpreter meets threads of gloo now and then, and aborts.
    os._exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if sys.argv[2] else None)
