"""A network behind scikit-learn's interface: one of ESTIMATORS."""

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from torch import Tensor, nn

from ..utils.names import check_name
from .losses import LOSSES, build_loss
from .networks import AUGMENT, NETWORKS
from .training import Examples, Options, TrainingLoop

Array = NDArray[Any]
BATCH = 256  # examples predicted at once
DEFAULTS = Options()


class Network(BaseEstimator):  # type: ignore[misc] # scikit-learn publishes no types
    """A network of NETWORKS, trained by TrainingLoop; a number is learnt in units of its spread.

    network, loss: names. sizes: keywords of the network's builder. loss_options: keywords of the
    loss. options: a key of Options each. weights_: what was learnt, as arrays.
    """

    def __init__(
        self,
        task: str = "classification",
        network: str = next(iter(NETWORKS)),
        sizes: dict[str, Any] | None = None,
        loss: str | None = None,
        loss_options: dict[str, Any] | None = None,
        class_weight: Any = None,
        epochs: int = DEFAULTS.epochs,
        batch_size: int = DEFAULTS.batch_size,
        accumulate: int = DEFAULTS.accumulate,
        lr: float = DEFAULTS.lr,
        weight_decay: float = DEFAULTS.weight_decay,
        warmup: float = DEFAULTS.warmup,
        schedule: str = DEFAULTS.schedule,
        clip: float | None = DEFAULTS.clip,
        patience: int | None = DEFAULTS.patience,
        precision: str = DEFAULTS.precision,
        device: str = DEFAULTS.device,
        compile: bool = DEFAULTS.compile,
        checkpoint_steps: int | None = DEFAULTS.checkpoint_steps,
        seed: int = DEFAULTS.seed,
    ) -> None:
        given = {name: value for name, value in locals().items() if name != "self"}
        vars(self).update({name: value for name, value in given.items() if name[0] != "_"})

    def fit(
        self,
        X: Array,
        y: Array,
        sample_weight: Array | None = None,
        eval_set: list[tuple[Array, Array]] | None = None,
        folder: Path | None = None,
    ) -> "Network":
        """X: shape (n, ...), as the preprocessing made it. eval_set: rows that stop the training.

        Without eval_set it trains all its epochs. folder: of the checkpoint.
        """
        check_name(self.network, NETWORKS, "models.network.network")
        classes = np.unique(y) if self.task == "classification" else None
        self.classes_ = classes
        self.shape_ = list(X.shape[1:])
        self.center_, self.spread_ = (0.0, 1.0) if classes is not None else _level(y)
        weight = np.ones(len(y)) if sample_weight is None else sample_weight
        train = self._examples(X, y, weight * self._class_weights(y))
        options = self.options
        valid = train
        if eval_set is None:
            options = replace(options, patience=None)
        else:
            X_valid, y_valid = eval_set[0]
            valid = self._examples(X_valid, y_valid, self._class_weights(y_valid, y))
        torch.manual_seed(self.seed)
        network = self.build(X)
        names = [name for name, (task, _) in LOSSES.items() if task == self.task]
        chosen = self.loss or names[0]
        check_name(chosen, names, "models.network.loss")
        loss = build_loss(chosen, self.loss_options or {})
        loop = TrainingLoop(network, loss, train, valid, options, AUGMENT, folder)
        self.history_ = loop.run()
        self.weights_ = {key: value.numpy() for key, value in loop.best_weights.items()}
        return self

    @property
    def options(self) -> Options:
        """How it is trained."""
        return Options(**{one.name: getattr(self, one.name) for one in fields(Options)})

    def build(self, X: Array) -> nn.Module:
        """The untrained network for examples such as X."""
        n_outputs = 1 if self.classes_ is None else len(self.classes_)
        network: nn.Module = NETWORKS[self.network](X, n_outputs, **(self.sizes or {}))
        return network

    def module(self) -> nn.Module:
        """The trained network, in evaluation mode."""
        if not hasattr(self, "_module"):
            like = np.zeros((2, *self.shape_), dtype=self.dtype_)
            network = self.build(like)
            state = {key: torch.from_numpy(value) for key, value in self.weights_.items()}
            network.load_state_dict(state)
            self._module = network.eval()
        return self._module

    def predict(self, X: Array) -> Array:
        """Numbers, or codes of classes; shape (n,)."""
        if self.classes_ is None:
            return self._outputs(X)[:, 0] * self.spread_ + self.center_
        return self.classes_[self._outputs(X).argmax(axis=1)]

    def predict_proba(self, X: Array) -> Array:
        """Probabilities, shape (n, n_classes)."""
        return torch.from_numpy(self._outputs(X)).softmax(dim=1).numpy()

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_module"}

    @torch.no_grad()
    def _outputs(self, X: Array) -> Array:
        parts = torch.from_numpy(np.ascontiguousarray(X)).split(BATCH)
        return torch.cat([self.module()(part) for part in parts]).numpy()

    def _examples(self, X: Array, y: Array, weight: Array) -> Examples:
        self.dtype_ = X.dtype.str
        if self.classes_ is None:
            target = torch.from_numpy((y - self.center_) / self.spread_).float()
        else:
            target = torch.from_numpy(np.searchsorted(self.classes_, y))
        values = torch.from_numpy(np.ascontiguousarray(X))
        return Examples(values, target, torch.from_numpy(weight.astype(np.float32)))

    def _class_weights(self, y: Array, train: Array | None = None) -> Array:
        """The weight of each example's class."""
        if self.class_weight is None or self.classes_ is None:
            return np.ones(len(y))
        from sklearn.utils.class_weight import compute_class_weight

        seen = y if train is None else train
        found = compute_class_weight(self.class_weight, classes=self.classes_, y=seen)
        return found[np.searchsorted(self.classes_, y)]


def _level(y: Array) -> tuple[float, float]:
    """Mean and standard deviation of the target in train."""
    return float(np.mean(y)), float(np.std(y)) or 1.0


def as_onnx(estimator: Network, X: Array) -> bytes:
    """The network with its last activation, in one file; X: at least two examples."""
    raise NotImplementedError


__all__ = ["Network", "Tensor"]
