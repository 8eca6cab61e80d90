"""Try learning rates in one pass over train, and suggest one: `learning-rate`."""

import argparse
import math

import numpy as np
import plotly.graph_objects as go
import torch

from ..configs.load import load_project
from ..evaluation.report import render, write_script
from ..utils.files import write_json, write_text
from ..utils.logs import log
from .check_network import Subject, fit_briefly

REPORT, PAGE = "reports/learning-rate.json", "reports/learning-rate.html"
LOWEST, HIGHEST, N_STEPS = 1e-6, 1.0, 120
SMOOTHED = 0.9  # share of the mean so far; one batch alone is noise
DIVERGED = 4.0  # times the lowest loss
BELOW = 0.1  # of the rate with the lowest loss, at which it is about to diverge


def run(args: argparse.Namespace) -> None:
    """Print and write the losses by learning rate, and the suggestion."""
    subject = Subject(*fit_briefly(load_project(args.root, args.overrides), args.root))
    rates, losses = range_test(subject)
    found = {"suggested": rates[int(np.argmin(losses))] * BELOW, "lr": subject.job.options.lr}
    log("rates", f"{len(rates)} from {LOWEST:.0e} to {rates[-1]:.0e}, loss to {min(losses):.3f}")
    log("", f"suggested models.network.lr={found['suggested']:.1e}; it is {found['lr']:.1e}")
    write_json(args.root / REPORT, {**found, "rates": rates, "losses": losses})
    figure = go.Figure(go.Scatter(x=rates, y=losses, mode="lines"))
    figure.add_vline(x=found["suggested"], line_dash="dot", annotation_text="suggested")
    figure.update_xaxes(type="log", title="learning rate")
    figure.update_yaxes(title="loss of a batch, smoothed")
    write_script(args.root)
    plot = figure.to_html(full_html=False, include_plotlyjs=False)
    write_text(args.root / PAGE, render("networks/learning-rate.html", **found, plot=plot))
    log("", f"record    {REPORT}      page  {PAGE}")


def range_test(subject: Subject) -> tuple[list[float], list[float]]:
    """Rates that grow from batch to batch, and the smoothed losses; ends where they diverge.

    Source: Smith (2017), Cyclical Learning Rates for Training Neural Networks, arXiv:1506.01186.
    """
    network, options = subject.untrained().train(), subject.job.options
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=options.weight_decay)
    random = torch.Generator().manual_seed(options.seed)
    rates: list[float] = []
    losses: list[float] = []
    mean = 0.0
    for step, rate in enumerate(np.geomspace(LOWEST, HIGHEST, N_STEPS).tolist(), 1):
        optimizer.param_groups[0]["lr"] = rate
        batch = torch.randint(len(subject.X), (options.batch_size,), generator=random)
        loss = subject.loss(network(subject.X[batch]), subject.targets[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        mean = SMOOTHED * mean + (1 - SMOOTHED) * float(loss.detach())
        value = mean / (1 - SMOOTHED**step)
        if not math.isfinite(value) or value > DIVERGED * min([value, *losses]):
            break
        rates.append(rate)
        losses.append(value)
    return rates, losses
