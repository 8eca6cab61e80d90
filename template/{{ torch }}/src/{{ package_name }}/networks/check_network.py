"""Look for the usual faults of a network and its loss, before an hour of training."""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..configs.load import load_project
from ..configs.settings import Config
from ..dataloader.manifest import read_part
from ..executor.prepare import ensure
from ..model.estimators import ESTIMATORS, build_estimator
from ..model.losses import build_loss
from ..model.network import Network
from ..model.predictor import Array, encode_target, fit
from ..utils.errors import CheckFailed
from ..utils.files import write_json
from ..utils.logs import log
from ..utils.suspects import sample

REPORT = "reports/network.json"
N_ROWS, BATCH, MAX_STEPS = 512, 16, 300
MIN_RATE = 1e-3  # a lower one, right for fine-tuning, learns no batch in MAX_STEPS
FITTED = 0.9  # share of the batch, or of its variance
MOST_OFF = 2.0  # times the loss of outputs that are 0, or spreads of the target
TOLERANCE = 1e-4  # relative to an output, or to 1 where it is smaller


def run(args: argparse.Namespace) -> None:
    """Print the layers and the checks; raises CheckFailed where there is a finding."""
    subject = Subject(*fit_briefly(load_project(args.root, args.overrides), args.root))
    job, rows = subject.job, subject.layers()
    log("network", f"{job.network}, loss {job.loss}, on {len(subject.y)} examples of train")
    for row in rows:
        shape = ", ".join(["n", *map(str, row["shape"])])
        log("", f"{row['layer']:<24}{row['type']:<20}{f'({shape})':<20}{row['parameters']:>10,}")
    checks = {name: check(subject) for name, check in CHECKS.items()}
    for name, (is_right, text) in checks.items():
        log("check" if is_right else "FINDING", f"{name:<18}{text}")
    content = {name: {"holds": holds, "found": text} for name, (holds, text) in checks.items()}
    record = {"network": job.network, "loss": job.loss, "layers": rows, "checks": content}
    write_json(args.root / REPORT, record)
    log("", f"record    {REPORT}")
    if found := [name for name, (is_right, _) in checks.items() if not is_right]:
        raise CheckFailed(f"check-network: {len(found)} of {len(checks)} fail: {', '.join(found)}")


def fit_briefly(config: Config, root: Path, **changes: Any) -> tuple[Network, Array, Array]:
    """The network of conf/, trained for an epoch on at most N_ROWS rows of train; X and y of them.

    It is `model` of conf/ where that is a network, else the first one of ESTIMATORS. changes: of
    its parameters. y: as the network gets it, shape (n_rows,).
    """
    manifest, name = ensure(config, root), _name_of_network(config)
    rows = sample(read_part(root, "train"), N_ROWS, config.seed)
    short = {"epochs": 1, "device": "cpu", "precision": "float32", "compile": False}
    parameters = config.models.get(name, {}) | short | changes
    config = config.model_copy(update={"models": {**config.models, name: parameters}})
    model, _ = fit(config, name, rows, manifest["features"], manifest["classes"])
    y = encode_target(rows[config.data.target], model.classes)
    return model.estimator, model.matrix(rows), model.target.forward(y) if model.target else y


def _name_of_network(config: Config) -> str:
    known = [name for name, one in ESTIMATORS.items() if config.task in one.tasks]
    for name in sorted(known, key=lambda name: name != config.model):
        if isinstance(build_estimator(name, config.task, {}, None, 0), Network):
            return name
    raise ValueError("model/estimators.py: ESTIMATORS has no network for this task")


class Subject:
    """What is checked. estimator: trained for an epoch on X, y."""

    def __init__(self, estimator: Network, X: Array, y: Array) -> None:
        self.estimator, self.y, self.job = estimator, y, estimator.job(X, y)
        self.X, self.targets = self.job.train.X, self.job.train.y
        self.is_number = estimator.classes_ is None

    def untrained(self) -> nn.Module:
        """A network with its first weights."""
        torch.manual_seed(self.job.options.seed)
        return self.job.build()

    def loss(self, outputs: Tensor, y: Tensor) -> Tensor:
        """The mean over the examples."""
        return build_loss(self.job.loss, self.job.loss_options)(outputs, y).mean()

    def layers(self) -> list[dict[str, Any]]:
        """In the order in which they run, with the shape of an output and their parameters."""
        network, rows = self.untrained().eval(), []
        names = {one: name for name, one in network.named_modules() if not list(one.children())}

        def note(layer: nn.Module, _: Any, output: Any) -> None:
            shape = list(output.shape[1:]) if isinstance(output, Tensor) else []
            size = sum(one.numel() for one in layer.parameters())
            row = {"layer": names[layer], "type": type(layer).__name__, "shape": shape}
            rows.append({**row, "parameters": size})

        for layer in names:
            layer.register_forward_hook(note)
        network(self.X[:BATCH])
        return rows


def _outputs(subject: Subject) -> tuple[bool, str]:
    found = list(subject.untrained()(subject.X[:BATCH]).shape)
    expected = [min(BATCH, len(subject.X)), subject.job.n_outputs]
    return found == expected, f"shape {found}, the loss takes {expected}"


def _target(subject: Subject) -> tuple[bool, str]:
    """The loss sees codes of classes, or numbers around 0; predictions have the target's unit."""
    if subject.estimator.classes_ is not None:
        labels = subject.estimator.classes_[subject.targets.numpy()]
        return np.array_equal(labels, subject.y), "labels of the loss and of the rows are compared"
    level, spread = subject.targets.mean(), subject.targets.std(correction=0)
    predicted, unit = subject.estimator.predict(subject.X.numpy()), subject.y.std()
    off = abs(predicted.mean() - subject.y.mean()) / (unit or 1)
    text = f"mean {level:.2g}, spread {spread:.2g} for the loss; predictions {off:.1f} spreads off"
    is_right = abs(level) < 0.01 and (abs(spread - 1) < 0.01 or not unit)
    return bool(is_right and off < MOST_OFF and predicted.std() <= MOST_OFF * unit), text


@torch.no_grad()
def _initial_loss(subject: Subject) -> tuple[bool, str]:
    """Of outputs that are 0 it is log(classes) for cross-entropy, the variance for squared."""
    outputs = subject.untrained().eval()(subject.X)
    found = float(subject.loss(outputs, subject.targets))
    expected = float(subject.loss(torch.zeros_like(outputs), subject.targets))
    text = f"{found:.3f} untrained, {expected:.3f} of outputs that are 0"
    return expected / MOST_OFF <= found <= expected * MOST_OFF, text


def _gradients(subject: Subject) -> tuple[bool, str]:
    """A builder that freezes layers on purpose names them in `network.frozen`."""
    network = subject.untrained()
    subject.loss(network(subject.X), subject.targets).backward()
    meant = tuple(getattr(network, "frozen", ()))
    named = [(name, one) for name, one in network.named_parameters() if not name.startswith(meant)]
    missed = [name for name, one in named if one.grad is None or not one.grad.any()]
    return not missed, f"reach {len(named)} parameters, but not: {', '.join(missed) or 'none'}"


def _one_batch(subject: Subject) -> tuple[bool, str]:
    """Also the last activation: with logits a batch is learnt with outputs outside [0, 1]."""
    network, X, y = subject.untrained(), subject.X[:BATCH], subject.targets[:BATCH]
    optimizer = torch.optim.AdamW(network.parameters(), max(subject.job.options.lr, MIN_RATE))
    n_steps, is_learnt = 0, False
    while n_steps < MAX_STEPS and not is_learnt:
        n_steps += 1
        network.train()
        optimizer.zero_grad()
        subject.loss(network(X), y).backward()
        optimizer.step()
        with torch.no_grad():
            outputs = network.eval()(X)
        fitted = _fitted(outputs, y, subject.is_number)
        are_logits = subject.is_number or bool(((outputs < 0) | (outputs > 1)).any())
        is_learnt = fitted >= FITTED and are_logits
    text = f"{fitted:.0%} fitted after {n_steps} steps"
    if not are_logits:
        text += f"; outputs stay in [0, 1], {subject.job.loss} takes logits: no last activation"
    return is_learnt, text


def _fitted(outputs: Tensor, y: Tensor, is_number: bool) -> float:
    """Share of right classes, or of explained variance."""
    if not is_number:
        return float((outputs.argmax(dim=1) == y).double().mean())
    return 1 - float((outputs[:, 0] - y).var() / y.var().clamp(min=1e-12))


@torch.no_grad()
def _alone(subject: Subject) -> tuple[bool, str]:
    """Normalisation by the batch, or dropout, that is left on in evaluation mode shows here."""
    module, X = subject.estimator.module(), subject.X[:BATCH]
    together = module(X)
    try:
        alone = torch.cat([module(X[place : place + 1]) for place in range(len(X))])
    except ValueError as error:  # BatchNorm refuses one example
        return False, str(error)
    off = float(((alone - together).abs() / together.abs().clamp(min=1)).max())
    return off <= TOLERANCE, f"differs by {off:.1e} from the same in a batch"


# Name -> whether it holds, and what was found.
CHECKS = {
    "outputs": _outputs,
    "target": _target,
    "initial loss": _initial_loss,
    "gradients": _gradients,
    "one batch": _one_batch,
    "an example alone": _alone,
}
