"""The training loop: one process or several, and resumed to the same numbers."""

import math
import os
import pickle
import time
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from ..utils.errors import CheckFailed
from ..utils.files import replacing
from ..utils.logs import log
from .losses import Loss
from .options import Augment, Examples, Options, uniforms
from .progress import Progress
from .schedules import LOWERED, share_of_rate

CHECKPOINT = "checkpoint.pt"
EXPLODED = 100  # times the loss of the untrained network


class TrainingLoop:
    """Trains a network; `run` returns when it is done, and the best weights are in the network.

    Every process of a group that torchrun has started makes one with the same arguments. folder:
    of the run, where the checkpoint is written, and continued from; None: there is none.
    """

    def __init__(
        self,
        network: nn.Module,
        loss: Loss,
        train: Examples,
        valid: Examples,
        options: Options,
        augment: Augment | None = None,
        folder: Path | None = None,
    ) -> None:
        torch.set_num_threads(options.threads)
        self.options, self.augment, self.loss = options, augment, loss
        self.rank, self.n_ranks, self.place = 0, 1, int(os.environ.get("LOCAL_RANK", 0))
        if dist.is_initialized():
            self.rank, self.n_ranks = dist.get_rank(), dist.get_world_size()
        self.made_with = {"processes": self.n_ranks, "threads": options.threads}
        self.path = folder / CHECKPOINT if folder else None
        # Of the processes of a machine, one shows and writes.
        self.progress = Progress(None if self.place else folder, options)
        self.device = _device(options.device, self.place)
        on_gpu = self.device.type == "cuda"
        self.bf16 = {"auto": on_gpu, "float32": False, "bf16": True}[options.precision]
        self.train, self.valid = train, valid
        self.network = network.to(self.device)
        self.forward: Any = torch.compile(network) if options.compile else network
        if self.n_ranks > 1:
            self.forward = DistributedDataParallel(self.forward)
        self.optimizer = torch.optim.AdamW(
            network.parameters(), options.lr, weight_decay=options.weight_decay
        )
        self.steps_per_epoch = math.ceil(len(train.y) / options.batch_size)
        self.epoch = self.position = 0  # position: of the next step in the epoch
        self.best, self.best_weights = math.inf, self._weights()
        self.n_worse, self.scale, self.untrained = 0, 1.0, 0.0
        # Of losses and weights in this epoch; on the device, or each step would wait for it.
        self.sums = torch.zeros(2, dtype=torch.float64, device=self.device)
        self.history: list[dict[str, float]] = []
        torch.manual_seed(options.seed + self.rank)

    def run(self) -> list[dict[str, float]]:
        """Train until the last epoch or the end of patience; one record an epoch.

        Raises CheckFailed where the loss explodes, or the checkpoint cannot be read back;
        ValueError where a checkpoint is of another number of processes or threads.
        """
        if self.path and self.path.is_file():
            self.load_state(torch.load(self.path, map_location="cpu", weights_only=True))
            log("train", f"continued at epoch {self.epoch + 1}, step {self.position + 1}")
        else:
            self.untrained = self._loss_on_valid()
            self._checkpoint()
        patience = self.options.patience or math.inf
        while self.epoch < self.options.epochs and self.n_worse < patience:
            self._run_epoch()
        self.network.load_state_dict(self.best_weights)
        return self.history

    def _run_epoch(self) -> None:
        started, first = time.perf_counter(), self.position
        random = torch.Generator().manual_seed(self._seed())
        order = torch.randperm(len(self.train.y), generator=random)
        # Batches of nearly equal size: no small one at the end.
        batches = order.tensor_split(self.steps_per_epoch)
        every = self.options.checkpoint_steps or self.steps_per_epoch
        for position in range(first, self.steps_per_epoch):
            self.position = position
            if position % every == 0 and position != first:
                self._checkpoint()
            self._step(batches[position])
        seconds = time.perf_counter() - started
        self._close_epoch(sum(map(len, batches[first:])) / seconds)
        self._checkpoint()

    def _seed(self) -> int:
        """Of this epoch."""
        return self.options.seed * 100_003 + self.epoch

    def _step(self, batch: Tensor) -> None:
        """One update. The mean is over the whole batch, whatever share of it a process has."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.learning_rate()
        self.forward.train()
        self.optimizer.zero_grad(set_to_none=True)
        total = float(self.train.weight[batch].sum())
        for part in batch[self.rank :: self.n_ranks].tensor_split(self.options.accumulate):
            weight = self.train.weight[part].to(self.device)
            value = self._losses(self._augmented(part), self.train.y[part]) @ weight
            self.sums += torch.stack([value.detach(), weight.sum()])
            # The gradients of the processes are averaged: n_ranks makes a sum of it.
            (value * (self.n_ranks / total)).backward()
        if self.options.clip:
            nn.utils.clip_grad_norm_(self.network.parameters(), self.options.clip)
        self.optimizer.step()

    def _augmented(self, part: Tensor) -> Tensor:
        """The examples of train with these numbers, changed as AUGMENT does."""
        X = self.train.X[part]
        if self.augment is None:
            return X
        seed, n_examples = self._seed(), len(self.train.y)
        return self.augment(X, lambda n: uniforms(seed, n_examples, n)[part])

    def _losses(self, X: Tensor, y: Tensor) -> Tensor:
        X, y = (values.to(self.device, non_blocking=True) for values in (X, y))
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16):
            outputs = self.forward(X)
        return self.loss(outputs.float(), y)

    def learning_rate(self) -> float:
        """Of the next step."""
        options, step = self.options, self.epoch * self.steps_per_epoch + self.position
        n_steps = options.epochs * self.steps_per_epoch
        share = share_of_rate(options.schedule, step, n_steps, options.warmup)
        return options.lr * self.scale * share

    def _close_epoch(self, rate: float) -> None:
        """Compare valid with the best; every process sees the same sums, so all decide alike."""
        train, n_train = self._reduced(self.sums.tolist())
        loss, value, lr = train / n_train, self._loss_on_valid(), self.learning_rate()
        self.epoch, self.position = self.epoch + 1, 0
        limit = EXPLODED * max(1.0, abs(self.untrained))
        if not (math.isfinite(loss) and value < limit):
            problem = f"the loss became {loss:.3g}, {value:.3g} on valid, from {self.untrained:.3g}"
            raise CheckFailed(f"epoch {self.epoch}: {problem}; lower models.network.lr ({lr:g})")
        self.n_worse += 1
        if value < self.best:
            self.best, self.best_weights, self.n_worse = value, self._weights(), 0
        elif self.options.schedule == "plateau":
            self.scale *= LOWERED
        self.history.append({"epoch": self.epoch, "train": loss, "valid": value, "lr": lr})
        self.progress.show(self.history[-1], "" if self.n_worse else " best", rate)
        self.sums.zero_()

    @torch.no_grad()
    def _loss_on_valid(self) -> float:
        """The weighted mean over all processes, each of which computes its share."""
        self.forward.eval()
        found = torch.zeros(2, dtype=torch.float64)
        share = torch.arange(self.rank, len(self.valid.y), self.n_ranks)
        for part in share.split(4 * self.options.batch_size):
            weight = self.valid.weight[part]
            losses = self._losses(self.valid.X[part], self.valid.y[part])
            found += torch.tensor([float(losses.cpu() @ weight), float(weight.sum())])
        total, n_valid = self._reduced(found.tolist())
        return total / n_valid

    def _reduced(self, values: list[float]) -> list[float]:
        """The sums over all processes."""
        if self.n_ranks == 1:
            return values
        sums = torch.tensor(values, dtype=torch.float64, device=self.device)
        dist.all_reduce(sums)
        return list(sums.tolist())

    def _weights(self) -> dict[str, Tensor]:
        state = self.network.state_dict()
        return {name: value.detach().cpu().clone() for name, value in state.items()}

    def state(self) -> dict[str, Any]:
        """Everything that the next step depends on; plain types and tensors alone."""
        random: list[Any] = [_random_state(self.device)] * self.n_ranks
        if self.n_ranks > 1:
            dist.all_gather_object(random, _random_state(self.device))
        return {
            "network": self._weights(),
            "optimizer": self.optimizer.state_dict(),
            "random": random,
            "sums": self.sums.cpu(),
            "made_with": self.made_with,
            **{name: getattr(self, name) for name in PLAIN},
        }

    def load_state(self, state: dict[str, Any]) -> None:
        """Continue as if it had never stopped; raises ValueError where that cannot be."""
        for name, before in state["made_with"].items():
            if before != (now := self.made_with[name]):
                raise ValueError(f"{self.path}: made with {before} {name}, now {now}")
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        for name in PLAIN:
            setattr(self, name, state[name])
        self.sums = state["sums"].to(self.device)
        cpu, *gpu = state["random"][self.rank]
        torch.set_rng_state(cpu)
        if gpu:
            torch.cuda.set_rng_state(gpu[0], self.device)

    def _checkpoint(self) -> None:
        """Write the state; what the first epoch wrote is read back, which proves the rest."""
        if self.path is None:
            return
        state = self.state()
        if self.place:
            return
        with replacing(self.path) as temporary:
            torch.save(state, temporary)
        if self.epoch <= 1:
            try:
                torch.load(self.path, weights_only=True)
            except pickle.UnpicklingError as error:
                reason = "holds more than tensors and plain types, and cannot be read back"
                raise CheckFailed(f"epoch {self.epoch}: {CHECKPOINT} {reason}: {error}") from error


PLAIN = ("epoch", "position", "best", "best_weights", "n_worse", "scale", "untrained", "history")


def _device(name: str, place: int) -> torch.device:
    if name != "auto":
        return torch.device(name)
    return torch.device("cuda", place) if torch.cuda.is_available() else torch.device("cpu")


def _random_state(device: torch.device) -> list[Tensor]:
    gpu = [torch.cuda.get_rng_state(device)] if device.type == "cuda" else []
    return [torch.get_rng_state(), *gpu]
