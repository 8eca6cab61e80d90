"""A network behind scikit-learn's interface: one of ESTIMATORS."""

import logging
import warnings
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.class_weight import compute_sample_weight
from torch import Tensor, nn

from ..utils.engines import LOCAL, train_on
from ..utils.names import check_name
from .losses import LOSSES
from .networks import NETWORKS
from .options import Examples, Options
from .processes import Job, run_job, spread

Array = NDArray[Any]
Valid = tuple[Array, Array]
BATCH = 256  # examples predicted at once
OPSET = 20


@dataclass(eq=False, repr=False)
class Network(Options, BaseEstimator):  # type: ignore[misc] # scikit-learn publishes no types
    """A network of NETWORKS, trained by TrainingLoop.

    network, loss: names; None: the first one for the task. sizes, loss_options: keywords of the
    network's builder and of the loss. weights: a safetensors file to begin with. processes: how
    many train together.
    """

    task: str = "classification"
    network: str | None = None
    sizes: dict[str, Any] | None = None
    loss: str | None = None
    loss_options: dict[str, Any] | None = None
    class_weight: Any = None
    weights: str | None = None
    processes: int = 1

    def fit(
        self,
        X: Array,
        y: Array,
        sample_weight: Array | None = None,
        valid: Valid | None = None,
        folder: Path | None = None,
        engine: str = LOCAL,
    ) -> "Network":
        """X: shape (n, ...). valid: examples that choose the best epoch, and when to stop.

        Without valid train chooses, after all epochs. folder: of the checkpoint. engine: what has
        the processes.
        Raises ValueError where a name is unknown, CheckFailed where the loss explodes.
        """
        job = self.job(X, y, sample_weight, valid)
        if engine != LOCAL and folder is not None:
            found = train_on(engine, job, self.processes, folder)
        elif self.processes == 1:
            found = run_job(job, folder)
        else:
            found = spread(job, self.processes, folder)
        self.history_ = found["history"]
        self.weights_ = {name: value.numpy() for name, value in found["weights"].items()}
        self.__dict__.pop("_module", None)
        return self

    def job(
        self, X: Array, y: Array, sample_weight: Array | None = None, valid: Valid | None = None
    ) -> Job:
        """What `fit` with these arguments trains; learns the classes, or the target's level."""
        is_number = self.task == "regression"
        self.classes_: Array | None = None if is_number else np.unique(y)
        self.n_outputs_ = 1 if self.classes_ is None else len(self.classes_)
        self.shape_, self.type_ = list(X.shape[1:]), X.dtype.str
        # A network learns numbers around 0 with a spread of 1.
        self.center_ = float(np.mean(y)) if is_number else 0.0
        self.spread_ = (float(np.std(y)) or 1.0) if is_number else 1.0
        train = self._examples(X, y, 1.0 if sample_weight is None else sample_weight)
        options = Options(**{each.name: getattr(self, each.name) for each in fields(Options)})
        if valid is None:
            seen, options = train, replace(options, patience=None)
        else:
            seen = self._examples(*valid, 1.0)
        network, loss = self._names()
        words = (network, self.sizes or {}, self.n_outputs_, loss, self.loss_options or {})
        return Job(train, seen, options, *words, self.weights)

    def predict(self, X: Array) -> Array:
        """Codes of classes, or numbers; shape (n,)."""
        outputs = self._outputs(X)
        return outputs[:, 0] if self.classes_ is None else self.classes_[outputs.argmax(axis=1)]

    def predict_proba(self, X: Array) -> Array:
        """Probabilities, shape (n, n_classes)."""
        return self._outputs(X)

    def to_onnx(self, X: Array) -> bytes:
        """The trained network in one file, for any number of examples; X: two of them or more."""
        # The exporter warns of packages that it can do without, and of its own code.
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        with warnings.catch_warnings(action="ignore"):
            program = torch.onnx.export(
                self.module(),
                (_tensor(X),),
                input_names=["X"],
                opset_version=OPSET,
                dynamo=True,
                dynamic_shapes=({0: torch.export.Dim("rows")},),
                external_data=False,
                verbose=False,
            )
        assert program is not None
        return bytes(program.model_proto.SerializeToString())

    def module(self) -> nn.Module:
        """The trained network with its last activation, in evaluation mode."""
        if not hasattr(self, "_module"):
            like = torch.from_numpy(np.zeros((2, *self.shape_), dtype=self.type_))
            network = NETWORKS[self._names()[0]](like, self.n_outputs_, **(self.sizes or {}))
            state = {name: torch.from_numpy(value) for name, value in self.weights_.items()}
            network.load_state_dict(state)
            last = nn.Softmax(dim=1) if self.classes_ is not None else self._unit()
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

    @torch.no_grad()
    def _outputs(self, X: Array) -> Array:
        parts = _tensor(X).split(BATCH)
        return torch.cat([self.module()(part) for part in parts]).numpy()

    def _examples(self, X: Array, y: Array, weight: Array | float) -> Examples:
        """weight: of each row; that of its class comes to it."""
        weights = np.asarray(weight * compute_sample_weight(self.class_weight, y), np.float32)
        if self.classes_ is None:
            target = torch.from_numpy((y - self.center_) / self.spread_).float()
        else:
            target = torch.from_numpy(np.searchsorted(self.classes_, y))
        return Examples(_tensor(X), target, torch.from_numpy(weights))

    def _unit(self) -> nn.Module:
        """The layer that turns what a network has learnt into the target's unit."""
        layer = nn.Linear(1, 1)
        nn.init.constant_(layer.weight, self.spread_)
        nn.init.constant_(layer.bias, self.center_)
        return layer


def _tensor(X: Array) -> Tensor:
    """Without a copy, where torch takes the array as it is."""
    return torch.from_numpy(np.require(X, requirements=["C", "W"]))
