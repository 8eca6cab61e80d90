"""What a training is given: its examples, and how it learns from them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from ..utils.names import check_name
from .schedules import SCHEDULES

# n -> numbers in [0, 1), shape (n_examples, n); the same ones however often it is called.
Draws = Callable[[int], Tensor]
Augment = Callable[[Tensor, Draws], Tensor]  # examples of train -> changed ones


@dataclass(frozen=True)
class Examples:
    """X: shape (n, ...). y: shape (n,), codes or numbers. weight: shape (n,)."""

    X: Tensor
    y: Tensor
    weight: Tensor


@dataclass
class Options:
    """Keys of `models.network` in conf/, where they are explained."""

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
    threads: int = 1
    compile: bool = False
    checkpoint_steps: int | None = None
    tensorboard: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        check_name(self.schedule, SCHEDULES, "schedule")
        check_name(self.precision, ("auto", "float32", "bf16"), "precision")
        for name in ("epochs", "batch_size", "accumulate", "lr", "threads"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be above 0, got {getattr(self, name)}")


@lru_cache(maxsize=2)
def uniforms(seed: int, n_examples: int, n: int) -> Tensor:
    """Numbers in [0, 1), shape (n_examples, n): drawn once for all examples of an epoch.

    So neither the order, nor the number of processes, nor a resume changes those of an example.
    """
    random = torch.Generator().manual_seed(-1 - seed)  # not those of the order
    return torch.rand(n_examples, n, generator=random)
