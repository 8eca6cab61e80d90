"""What a training shows of each epoch: a line, and TensorBoard files where they are chosen."""

from pathlib import Path
from typing import Any

from ..utils.logs import log
from .options import Options


class Progress:
    """folder: of the run; None: nothing is shown."""

    def __init__(self, folder: Path | None, options: Options) -> None:
        self.folder, self.n_epochs = folder, options.epochs
        self.writer = _writer(folder / "tensorboard") if folder and options.tensorboard else None

    def show(self, entry: dict[str, float], mark: str, rate: float) -> None:
        """entry: `epoch`, `train`, `valid` and `lr`. rate: examples a second."""
        if self.folder:
            losses = f"loss {entry['train']:.4f}, valid {entry['valid']:.4f}{mark}"
            epoch = f"epoch {entry['epoch']:>3} of {self.n_epochs}"
            log("", f"{epoch}: {losses}, {rate:,.0f} examples/s")
        if self.writer:
            for name in ("train", "valid", "lr"):
                self.writer.add_scalar(name, entry[name], entry["epoch"])
            self.writer.flush()


def _writer(folder: Path) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        key = "conf/default.yaml: models.network.tensorboard"
        raise ValueError(f"{key} needs a package: uv sync --group networks-tests") from error
    return SummaryWriter(folder)
