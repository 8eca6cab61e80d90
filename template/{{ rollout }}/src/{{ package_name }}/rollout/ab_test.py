"""Compare two versions, at any number of looks: `ab-test --a 100/1000 --b 130/1000`."""

import argparse
import math
from pathlib import Path
from typing import NamedTuple

import polars as pl

from ..utils.logs import log

PREDICTIONS = Path("data", "served", "predictions")
LABELS = Path("data", "served", "labels")
MIN_USERS = 100  # of each version: below that a mean is not yet normal


class Sample(NamedTuple):
    """n values with this mean and variance."""

    n: int
    mean: float
    variance: float


class Result(NamedTuple):
    """The difference B - A, an interval that holds at every look, and an always valid p-value."""

    difference: float
    low: float
    high: float
    p: float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Counts, or two versions in the prediction log."""
    parser.add_argument("--a", required=True, help="SUCCESSES/USERS, or a version of the log")
    parser.add_argument("--b", required=True, help="the same of the other one")
    parser.add_argument("--effect", type=float, default=0.03, help="expected; any is valid")
    parser.add_argument("--alpha", type=float, default=0.05, help="false alarms over all looks")


def run(args: argparse.Namespace) -> None:
    """Print the comparison; raises ValueError where there is too little of one version."""
    is_count = "/" in args.a and "/" in args.b
    read = _counted if is_count else lambda name: logged(args.root, name)
    one, other = read(args.a), read(args.b)
    if min(one.n, other.n) < MIN_USERS:
        raise ValueError(f"ab-test: {one.n} and {other.n} values; {MIN_USERS} of each are needed")
    if args.effect <= 0 or not 0 < args.alpha < 1:
        raise ValueError("ab-test: effect must be above 0, alpha in (0, 1)")
    found = compare(one, other, args.effect, args.alpha)
    unit = "share" if is_count else "error"
    log("ab-test", f"A {unit} {one.mean:.4g} of {one.n}, B {other.mean:.4g} of {other.n}")
    interval = f"[{found.low:.4g}, {found.high:.4g}]"
    log("", f"B - A {found.difference:+.4g} {interval} at every look; p {found.p:.3g}")
    text = "they differ" if found.p <= args.alpha else "not decided; collect more"
    log("", f"{text} (alpha {args.alpha:g})")


def compare(one: Sample, other: Sample, effect: float, alpha: float) -> Result:
    """The mixture sequential ratio test of two means.

    effect: standard deviation of the differences that are expected; it decides how soon a
    difference is seen, not how often there is a false alarm.

    Source: Johari, Pekelis and Walsh (2022), Always Valid Inference, Operations Research 70.
    """
    difference = other.mean - one.mean
    variance = max(one.variance / one.n + other.variance / other.n, 1e-300)
    mixed = variance + effect**2
    log_ratio = 0.5 * math.log(variance / mixed)
    log_ratio += effect**2 * difference**2 / (2 * variance * mixed)
    width = 2 * math.log(1 / alpha) + math.log(mixed / variance)
    half = math.sqrt(variance * mixed / effect**2 * width)
    p = math.exp(min(-log_ratio, 0.0))
    return Result(difference, difference - half, difference + half, p)


def _counted(text: str) -> Sample:
    """`SUCCESSES/USERS`."""
    first, _, second = text.partition("/")
    if not (first.isdecimal() and second.isdecimal() and int(first) <= int(second) > 0):
        raise ValueError(f"ab-test: '{text}' must be SUCCESSES/USERS, such as 100/1000")
    share = int(first) / int(second)
    return Sample(int(second), share, share * (1 - share))


def logged(root: Path, version: str) -> Sample:
    """The errors of a version on labelled predictions: 0 or 1 of a class, distance of a number."""
    folders = [root / PREDICTIONS, root / LABELS]
    if not all(any(folder.glob("*.parquet")) for folder in folders):
        raise ValueError(f"{PREDICTIONS.as_posix()}: no log with labels; see docs/monitoring.md")
    predictions, labels = (pl.scan_parquet(folder / "*.parquet") for folder in folders)
    chosen = predictions.filter(pl.col("model_version") == version, pl.col("source") == "model")
    newest = labels.filter(pl.col("label").is_not_null())
    newest = newest.unique("prediction_id", keep="last", maintain_order=True)
    joined = chosen.join(newest.select("prediction_id", "label"), on="prediction_id").collect()
    prediction, label = joined["prediction"].cast(pl.String), joined["label"].cast(pl.String)
    numbers = [column.cast(pl.Float64, strict=False) for column in (prediction, label)]
    is_class = any(column.null_count() for column in numbers)
    errors = (prediction != label) if is_class else (numbers[0] - numbers[1]).abs()
    values = errors.cast(pl.Float64).to_numpy()
    if not len(values):
        return Sample(0, 0.0, 0.0)
    return Sample(len(values), float(values.mean()), float(values.var()))
