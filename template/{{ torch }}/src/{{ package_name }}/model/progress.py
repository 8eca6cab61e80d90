"""What a training shows of each epoch: a line, and TensorBoard files where they are chosen."""

from pathlib import Path
from typing import Any

from ..utils.logs import log

EVENTS = "tensorboard"


class Progress:
    """folder: of the run; None: nothing is shown."""

    def __init__(self, folder: Path | None, n_epochs: int, tensorboard: bool) -> None:
        self.is_shown, self.n_epochs = folder is not None, n_epochs
        self.writer = _writer(folder / EVENTS) if folder and tensorboard else None

    def show(self, entry: dict[str, float], is_best: bool, rate: float) -> None:
        """entry: `epoch`, `train`, `valid` and `lr`. rate: examples a second."""
        if self.is_shown:
            losses = f"loss {entry['train']:.4f}, valid {entry['valid']:.4f}"
            mark = " best" if is_best else ""
            epoch = f"epoch {entry['epoch']:>3} of {self.n_epochs}"
            log("", f"{epoch}: {losses}{mark}, {rate:,.0f} examples/s")
        if self.writer is not None:
            for name in ("train", "valid", "lr"):
                self.writer.add_scalar(name, entry[name], entry["epoch"])
            self.writer.flush()


def _writer(folder: Path) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        key = "conf/default.yaml: models.network.tensorboard"
        raise ValueError(f"{key} needs a package: uv add tensorboard") from error
    return SummaryWriter(folder)
