"""A network behind scikit-learn's interface: one of ESTIMATORS."""

import warnings
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from torch import Tensor, nn

from ..utils.names import check_name
from .losses import LOSSES
from .networks import NETWORKS
from .processes import Job, run_job, spread
from .training import Examples, Options

Array = NDArray[Any]
BATCH = 256  # examples predicted at once
OPSET = 20
DEFAULT = Options()


class Network(BaseEstimator):  # type: ignore[misc] # scikit-learn publishes no types
    """A network of NETWORKS, trained by TrainingLoop.

    network, loss: names. sizes, loss_options: keywords of the network's builder and of the loss.
    weights: a safetensors file to begin with. processes: how many train together. The others are
    the keys of Options.
    """

    def __init__(
        self,
        task: str = "classification",
        network: str | None = None,
        sizes: dict[str, Any] | None = None,
        loss: str | None = None,
        loss_options: dict[str, Any] | None = None,
        class_weight: Any = None,
        weights: str | None = None,
        processes: int = 1,
        epochs: int = DEFAULT.epochs,
        batch_size: int = DEFAULT.batch_size,
        accumulate: int = DEFAULT.accumulate,
        lr: float = DEFAULT.lr,
        weight_decay: float = DEFAULT.weight_decay,
        warmup: float = DEFAULT.warmup,
        schedule: str = DEFAULT.schedule,
        clip: float | None = DEFAULT.clip,
        patience: int | None = DEFAULT.patience,
        precision: str = DEFAULT.precision,
        device: str = DEFAULT.device,
        compile: bool = DEFAULT.compile,
        checkpoint_steps: int | None = DEFAULT.checkpoint_steps,
        seed: int = DEFAULT.seed,
    ) -> None:
        given = dict(locals())
        for name in self._get_param_names():
            setattr(self, name, given[name])

    def fit(
        self,
        X: Array,
        y: Array,
        sample_weight: Array | None = None,
        valid: tuple[Array, Array] | None = None,
        folder: Path | None = None,
    ) -> "Network":
        """X: shape (n, ...). valid: examples that choose the best epoch, and when to stop.

        Without valid train chooses, after all epochs. folder: of the checkpoint.
        Raises ValueError where a name is unknown, CheckFailed where the loss becomes infinite.
        """
        is_number = self.task == "regression"
        self.classes_ = None if is_number else np.unique(y)
        self.shape_, self.type_ = list(X.shape[1:]), X.dtype.str
        # A network learns numbers around 0 with a spread of 1.
        self.center_, self.spread_ = _level(y) if is_number else (0.0, 1.0)
        weight = np.ones(len(y)) if sample_weight is None else sample_weight
        train = self._examples(X, y, weight * self._class_weights(y, y))
        judged, options = train, self._options()
        if valid is None:
            options = replace(options, patience=None)
        else:
            judged = self._examples(*valid, self._class_weights(valid[1], y))
        network, loss = self._names()
        words = (network, self.sizes or {}, self._n_outputs(), loss, self.loss_options or {})
        job = Job(train, judged, options, *words, self.weights)
        found = run_job(job, folder) if self.processes == 1 else spread(job, self.processes, folder)
        self.history_ = found["history"]
        self.weights_ = {name: value.numpy() for name, value in found["weights"].items()}
        vars(self).pop("_module", None)
        return self

    def predict(self, X: Array) -> Array:
        """Codes of classes, or numbers; shape (n,)."""
        outputs = self._outputs(X)
        return outputs[:, 0] if self.classes_ is None else self.classes_[outputs.argmax(axis=1)]

    def predict_proba(self, X: Array) -> Array:
        """Probabilities, shape (n, n_classes)."""
        return self._outputs(X)

    def to_onnx(self, X: Array) -> bytes:
        """The trained network in one file, for any number of examples; X: two of them or more."""
        rows = {0: torch.export.Dim("rows")}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # of its own parts
            program = torch.onnx.export(
                self.module(),
                (torch.from_numpy(np.ascontiguousarray(X)),),
                input_names=["X"],
                opset_version=OPSET,
                dynamo=True,
                dynamic_shapes=(rows,),
                external_data=False,
                verbose=False,
            )
        assert program is not None
        return bytes(program.model_proto.SerializeToString())

    def module(self) -> nn.Module:
        """The trained network with its last activation, in evaluation mode."""
        if not hasattr(self, "_module"):
            like = torch.from_numpy(np.zeros((2, *self.shape_), dtype=self.type_))
            network = NETWORKS[self._names()[0]](like, self._n_outputs(), **(self.sizes or {}))
            state = {name: torch.from_numpy(value) for name, value in self.weights_.items()}
            network.load_state_dict(state)
            is_number = self.classes_ is None
            last = Unit(self.center_, self.spread_) if is_number else nn.Softmax(dim=1)
            self._module = nn.Sequential(network, last).eval()
        return self._module

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_module"}

    def _names(self) -> tuple[str, str]:
        """The network and the loss; the first of each where conf/ names none."""
        losses = [name for name, (task, _) in LOSSES.items() if task == self.task]
        network, loss = self.network or next(iter(NETWORKS)), self.loss or losses[0]
        check_name(network, NETWORKS, "conf/default.yaml: models.network.network")
        check_name(loss, losses, "conf/default.yaml: models.network.loss")
        return network, loss

    def _options(self) -> Options:
        return Options(**{each.name: getattr(self, each.name) for each in fields(Options)})

    def _n_outputs(self) -> int:
        return 1 if self.classes_ is None else len(self.classes_)

    @torch.no_grad()
    def _outputs(self, X: Array) -> Array:
        parts = torch.from_numpy(np.ascontiguousarray(X)).split(BATCH)
        return torch.cat([self.module()(part) for part in parts]).numpy()

    def _examples(self, X: Array, y: Array, weight: Array) -> Examples:
        if self.classes_ is None:
            target = torch.from_numpy((y - self.center_) / self.spread_).float()
        else:
            target = torch.from_numpy(np.searchsorted(self.classes_, y))
        values = torch.from_numpy(np.ascontiguousarray(X))
        return Examples(values, target, torch.from_numpy(weight.astype(np.float32)))

    def _class_weights(self, y: Array, train: Array) -> Array:
        """The weight of each example's class; shape (n,)."""
        if self.class_weight is None or self.classes_ is None:
            return np.ones(len(y))
        from sklearn.utils.class_weight import compute_class_weight

        found = compute_class_weight(self.class_weight, classes=self.classes_, y=train)
        return np.asarray(found[np.searchsorted(self.classes_, y)])


class Unit(nn.Module):
    """Turns what a network has learnt into the target's unit."""

    def __init__(self, center: float, spread: float) -> None:
        super().__init__()
        self.center, self.spread = center, spread

    def forward(self, outputs: Tensor) -> Tensor:
        """outputs: shape (n, 1)."""
        return outputs * self.spread + self.center


def _level(y: Array) -> tuple[float, float]:
    """Mean and standard deviation."""
    return float(np.mean(y)), float(np.std(y)) or 1.0
