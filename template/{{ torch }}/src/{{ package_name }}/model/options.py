"""What a training is given: its examples and its options."""

from dataclasses import dataclass

from torch import Tensor

from ..utils.names import check_name
from .schedules import SCHEDULES


@dataclass(frozen=True)
class Examples:
    """X: shape (n, ...). y: shape (n,), codes or numbers. weight: shape (n,)."""

    X: Tensor
    y: Tensor
    weight: Tensor


@dataclass
class Options:
    """How a network is trained; keys of `models.network` in conf/, explained there.

    batch_size: examples of one step, of all processes together; computed in `accumulate` parts.
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
    threads: int = 1
    compile: bool = False
    checkpoint_steps: int | None = None
    tensorboard: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        """Raises ValueError where a value is none that can be trained with."""
        check_name(self.schedule, SCHEDULES, "schedule")
        check_name(self.precision, ("auto", "float32", "bf16"), "precision")
        for name in ("epochs", "batch_size", "accumulate", "lr", "threads"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be above 0, got {getattr(self, name)}")
