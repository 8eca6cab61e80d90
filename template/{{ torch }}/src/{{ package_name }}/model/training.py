"""The training loop: one process or several, and resumed to the same numbers."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from ..utils.errors import CheckFailed
from ..utils.files import replacing
from ..utils.logs import log

CHECKPOINT = "checkpoint.pt"
FACTOR = 0.5  # of the learning rate, where the schedule `plateau` lowers it
Loss = Callable[[Tensor, Tensor], Tensor]  # outputs, targets -> one value an example
Draws = Callable[[int], Tensor]  # n -> numbers in [0, 1), shape (n_examples, n)
Augment = Callable[[Tensor, Draws], Tensor]  # examples of train -> changed ones


@dataclass(frozen=True)
class Options:
    """How a network is trained; keys of `models.network` in conf/.

    batch_size: examples of one step, of all processes together; computed in `accumulate` parts.
    lr: highest learning rate of AdamW. warmup: share of the steps before it is reached. schedule:
    what follows: cosine, constant, or plateau (lowered where valid does not improve). clip:
    highest norm of the gradients. patience: epochs without a better valid before it stops.
    precision: auto (bf16 on a GPU), float32 or bf16. checkpoint_steps: also inside an epoch.
    """

    epochs: int = 20
    batch_size: int = 64
    accumulate: int = 1
    lr: float = 1e-3
    weight_decay: float = 0.01
    warmup: float = 0.1
    schedule: str = "cosine"
    clip: float | None = 1.0
    patience: int | None = 5
    precision: str = "auto"
    device: str = "auto"
    compile: bool = False
    checkpoint_steps: int | None = None
    seed: int = 0


@dataclass(frozen=True)
class Examples:
    """X: shape (n, ...). y: shape (n,), codes or numbers. weight: shape (n,)."""

    X: Tensor
    y: Tensor
    weight: Tensor


def uniforms(seed: int, epoch: int, index: Tensor, n: int) -> Tensor:
    """Numbers in [0, 1) that depend on the arguments alone; shape (len(index), n).

    Neither the order of the batches, nor the number of processes, nor a resume changes them.
    Source: Steele, Lea and Flood (2014), Fast Splittable Pseudorandom Number Generators.
    """
    place = index.numpy().astype(np.uint64)[:, None] * np.uint64(n) + np.arange(n, dtype=np.uint64)
    x = place + np.uint64((seed << 40) + (epoch << 24)) * np.uint64(0x9E3779B97F4A7C15 >> 1)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        x = (x ^ (x >> np.uint64(shift))) * np.uint64(factor)
    bits = (x ^ (x >> np.uint64(31))) >> np.uint64(40)
    return torch.from_numpy(bits.astype(np.float32) / np.float32(1 << 24))


class TrainingLoop:
    """Trains a network; `run` returns when it is done, and the best weights are in the network.

    Every process of a group that torchrun has started makes one with the same arguments. folder:
    where the checkpoint is, and is continued from; None: there is none.
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
        self.options, self.augment = options, augment
        self.rank, self.n_ranks = 0, 1
        if dist.is_initialized():
            self.rank, self.n_ranks = dist.get_rank(), dist.get_world_size()
        self.path = folder / CHECKPOINT if folder else None
        self.device = _device(options.device, self.rank)
        self.bf16 = options.precision == "bf16" or (
            options.precision == "auto" and self.device.type == "cuda"
        )
        self.loss, self.network = loss, network.to(self.device)
        self.train, self.valid = train, valid
        self.forward: nn.Module = torch.compile(network) if options.compile else network
        if self.n_ranks > 1:
            self.forward = DistributedDataParallel(self.forward)
        self.optimizer = torch.optim.AdamW(
            network.parameters(), options.lr, weight_decay=options.weight_decay
        )
        self.steps_per_epoch = math.ceil(len(train.y) / options.batch_size)
        self.epoch = self.position = 0  # position: of the next step in the epoch
        self.best, self.best_weights = math.inf, self._weights()
        self.n_worse, self.scale = 0, 1.0
        # Of losses and weights in this epoch; on the device, or each step would wait for it.
        self.sums = torch.zeros(2, dtype=torch.float64, device=self.device)
        self.history: list[dict[str, float]] = []
        torch.manual_seed(options.seed + self.rank)

    def run(self) -> list[dict[str, float]]:
        """Train until the last epoch or the end of patience; one record an epoch."""
        if self.path and self.path.is_file():
            self.load_state(torch.load(self.path, map_location="cpu", weights_only=True))
            log("train", f"continued at epoch {self.epoch + 1}, step {self.position + 1}")
        patience = self.options.patience or math.inf
        while self.epoch < self.options.epochs and self.n_worse < patience:
            self._run_epoch()
        self.network.load_state_dict(self.best_weights)
        return self.history

    def _run_epoch(self) -> None:
        started, first = time.perf_counter(), self.position
        order = self._order()
        for self.position in range(first, self.steps_per_epoch):
            self._checkpoint(at_step=True)
            start = self.position * self.options.batch_size
            self._step(order[start : start + self.options.batch_size])
        seconds = time.perf_counter() - started
        n_seen = len(order) - first * self.options.batch_size
        self._close_epoch(n_seen / max(seconds, 1e-9))
        self._checkpoint()

    def _order(self) -> Tensor:
        seed = self.options.seed * 100_003 + self.epoch
        return torch.randperm(len(self.train.y), generator=torch.Generator().manual_seed(seed))

    def _step(self, batch: Tensor) -> None:
        """One update. The mean is over the whole batch, whatever share of it a process has."""
        lr = self.learning_rate()
        for group in self.optimizer.param_groups:
            group["lr"] = lr
        self.forward.train()
        self.optimizer.zero_grad(set_to_none=True)
        total = float(self.train.weight[batch].sum())
        for part in batch[self.rank :: self.n_ranks].tensor_split(self.options.accumulate):
            X, y, weight = (values[part] for values in vars(self.train).values())
            if self.augment is not None:
                seed, epoch = self.options.seed, self.epoch
                X = self.augment(X, lambda n, at=part: uniforms(seed, epoch, at, n))  # type: ignore[misc]
            value = self._losses(X, y) @ weight.to(self.device)
            self.sums += torch.stack([value.detach(), weight.sum().to(self.device)])
            # The gradients of the processes are averaged: n_ranks makes a sum of it.
            (value * (self.n_ranks / total)).backward()
        if self.options.clip:
            nn.utils.clip_grad_norm_(self.network.parameters(), self.options.clip)
        self.optimizer.step()

    def _losses(self, X: Tensor, y: Tensor) -> Tensor:
        X, y = (values.to(self.device, non_blocking=True) for values in (X, y))
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16):
            outputs = self.forward(X)
        return self.loss(outputs.float(), y)

    def learning_rate(self) -> float:
        """Of the next step: linear warm-up, then the schedule."""
        n_steps = self.options.epochs * self.steps_per_epoch
        step = self.epoch * self.steps_per_epoch + self.position
        n_warm = math.ceil(self.options.warmup * n_steps)
        if step < n_warm:
            return self.options.lr * (step + 1) / n_warm
        if self.options.schedule == "cosine":
            done = (step - n_warm) / max(1, n_steps - n_warm)
            return self.options.lr * (1 + math.cos(math.pi * done)) / 2
        return self.options.lr * self.scale  # `constant` never lowers it

    def _close_epoch(self, rate: float) -> None:
        """Compare valid with the best; every process sees the same sums, so all decide alike."""
        self.forward.eval()
        sums = [*self.sums.tolist(), *self._sums(self.valid), rate]
        train, n_train, valid, n_valid, rate = self._reduced(sums)
        value, lr = valid / n_valid, self.learning_rate()
        entry = {"train": train / n_train, "valid": value, "lr": lr, "epoch": self.epoch + 1}
        self.history.append(entry)
        if not math.isfinite(train):
            problem = f"the loss became {train} at a learning rate of {lr:g}"
            raise CheckFailed(f"epoch {self.epoch + 1}: {problem}; lower models.network.lr")
        if value < self.best:
            self.best, self.best_weights, self.n_worse = value, self._weights(), 0
        else:
            self.n_worse += 1
            self.scale *= FACTOR if self.options.schedule == "plateau" else 1
        mark = "" if self.n_worse else " best"
        text = f"epoch {self.epoch + 1:>3} of {self.options.epochs}: loss {entry['train']:.4f}, "
        if self.rank == 0 and self.path is not None:
            log("", f"{text}valid {value:.4f}{mark}, {rate:,.0f} examples/s")
        self.epoch, self.position = self.epoch + 1, 0
        self.sums.zero_()

    @torch.no_grad()
    def _sums(self, examples: Examples) -> tuple[float, float]:
        """Weighted sum of the losses and of the weights, of this process's share."""
        found = [0.0, 0.0]
        share = torch.arange(self.rank, len(examples.y), self.n_ranks)
        for part in share.split(4 * self.options.batch_size):
            weight = examples.weight[part]
            losses = self._losses(examples.X[part], examples.y[part])
            found[0] += float(losses @ weight.to(self.device))
            found[1] += float(weight.sum())
        return found[0], found[1]

    def _reduced(self, values: list[float]) -> list[float]:
        """The sums over all processes."""
        if self.n_ranks == 1:
            return values
        sums = torch.tensor(values, dtype=torch.float64, device=self.device)
        dist.all_reduce(sums)
        return [float(value) for value in sums]

    def _weights(self) -> dict[str, Tensor]:
        state = self.network.state_dict()
        return {name: value.detach().cpu().clone() for name, value in state.items()}

    def state(self) -> dict[str, Any]:
        """Everything that the next step depends on; plain types and tensors alone.

        Raises what `torch.distributed` raises where a process of the group is gone.
        """
        random = [_random_state(self.device)]
        if self.n_ranks > 1:
            random = [None] * self.n_ranks  # type: ignore[list-item]
            dist.all_gather_object(random, _random_state(self.device))
        return {
            "network": self._weights(),
            "optimizer": self.optimizer.state_dict(),
            "random": random,
            "sums": self.sums.cpu(),
            "threads": torch.get_num_threads(),
            **{name: getattr(self, name) for name in PLAIN},
        }

    def load_state(self, state: dict[str, Any]) -> None:
        """Continue as if it had never stopped; raises ValueError where that cannot be."""
        now = {"processes": self.n_ranks, "threads": torch.get_num_threads()}
        before = {"processes": len(state["random"]), "threads": state["threads"]}
        for name, value in now.items():
            if before[name] != value:
                raise ValueError(f"{self.path}: made with {before[name]} {name}, now {value}")
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        for name in PLAIN:
            setattr(self, name, state[name])
        self.sums = state["sums"].to(self.device)
        cpu, *gpu = state["random"][self.rank]
        torch.set_rng_state(cpu)
        if gpu:
            torch.cuda.set_rng_state(gpu[0], self.device)

    def _checkpoint(self, at_step: bool = False) -> None:
        """Write the state; once more to check it, the first one is read back."""
        every = self.options.checkpoint_steps
        if self.path is None or (at_step and (not every or self.position % every)):
            return
        state, first = self.state(), not self.path.is_file()
        if self.rank == 0:
            with replacing(self.path) as temporary:
                torch.save(state, temporary)
            if first:
                torch.load(self.path, weights_only=True)


PLAIN = ("epoch", "position", "best", "best_weights", "n_worse", "scale", "history")


def _device(name: str, rank: int) -> torch.device:
    if name != "auto":
        return torch.device(name)
    return torch.device("cuda", rank) if torch.cuda.is_available() else torch.device("cpu")


def _random_state(device: torch.device) -> list[Tensor]:
    gpu = [torch.cuda.get_rng_state(device)] if device.type == "cuda" else []
    return [torch.get_rng_state(), *gpu]
