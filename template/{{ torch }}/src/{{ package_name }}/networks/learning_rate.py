"""Try learning rates in one pass over train, and suggest one: `learning-rate`."""

import argparse
from pathlib import Path

import numpy as np
import torch

from ..configs.load import load_project
from ..configs.settings import Config
from ..dataloader.manifest import read_part
from ..executor.prepare import ensure
from ..model.losses import build_loss
from ..model.network import Network
from ..model.predictor import Array, encode_target, fit
from ..model.processes import Job
from ..utils.files import write_json
from ..utils.logs import log
from ..utils.suspects import sample

REPORT = "reports/learning-rate.json"
N_ROWS = 512
LOWEST, HIGHEST, N_STEPS = 1e-6, 1.0, 120
SMOOTHED = 0.9  # share of the mean so far; one batch alone is noise
DIVERGED = 4.0  # times the lowest loss
BELOW = 0.1  # of the rate with the lowest loss, at which it is about to diverge


def run(args: argparse.Namespace) -> None:
    """Print and write the losses by learning rate, and the suggestion."""
    network, X, y = fit_briefly(load_project(args.root, args.overrides), args.root)
    rates, losses = range_test(network.job(X, y))
    suggested = rates[int(np.argmin(losses))] * BELOW
    for step in range(0, len(rates), 10):
        log("" if step else "rates", f"{rates[step]:.1e}  loss {losses[step]:.3f}")
    log("", f"suggested models.network.lr={suggested:.1e}; it is {network.lr:.1e}")
    found = {"suggested": suggested, "lr": network.lr, "rates": rates, "losses": losses}
    write_json(args.root / REPORT, found)
    log("", f"record    {REPORT}")


def fit_briefly(config: Config, root: Path) -> tuple[Network, Array, Array]:
    """`models.network` of conf/ after an epoch on at most N_ROWS rows of train; X and y of them.

    y: as the network gets it, shape (n_rows,).
    """
    manifest = ensure(config, root)
    rows = sample(read_part(root, "train"), N_ROWS, config.seed)
    short = {"epochs": 1, "device": "cpu", "precision": "float32", "compile": False}
    models = {**config.models, "network": config.models.get("network", {}) | short}
    config = config.model_copy(update={"models": models})
    model, _ = fit(config, "network", rows, manifest["features"], manifest["classes"])
    X, y = model.matrix(rows), encode_target(rows[config.data.target], model.classes)
    y = model.target.forward(y) if model.target else y
    if hasattr(model.estimator, "inner"):  # it changes X and y before the network has them
        X, y = model.estimator.inner(X, y)
    return getattr(model.estimator, "estimator", model.estimator), X, y


def range_test(job: Job) -> tuple[list[float], list[float]]:
    """Rates that grow from batch to batch, and the smoothed losses; ends where they diverge.

    Source: Smith (2017), Cyclical Learning Rates for Training Neural Networks, arXiv:1506.01186.
    """
    torch.manual_seed(job.options.seed)
    network, loss = job.build().train(), build_loss(job.loss, job.loss_options)
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=job.options.weight_decay)
    rates, losses, mean = list[float](), list[float](), 0.0
    for step, rate in enumerate(np.geomspace(LOWEST, HIGHEST, N_STEPS).tolist(), 1):
        optimizer.param_groups[0]["lr"] = rate
        batch = torch.randint(len(job.train.y), (job.options.batch_size,))
        value = loss(network(job.train.X[batch]), job.train.y[batch]).mean()
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        mean = SMOOTHED * mean + (1 - SMOOTHED) * float(value.detach())
        smoothed = mean / (1 - SMOOTHED**step)
        if not smoothed <= DIVERGED * min([smoothed, *losses]):  # nor where it is NaN
            break
        rates.append(rate)
        losses.append(smoothed)
    return rates, losses
