"""Score models on folds of train: `cross-validate`. Folds follow data.split."""

import argparse
import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..configs.load import load_project
from ..configs.settings import Config
from ..dataloader.folds import folds_of
from ..dataloader.manifest import hashes_of, read_part
from ..evaluation.intervals import bootstrap
from ..evaluation.metrics import METRICS, evaluate_metric
from ..evaluation.text import interval_text
from ..executor.prepare import check_config, ensure
from ..executor.train import bootstrap_options
from ..model.predictor import encode_target, fit
from ..utils import runs
from ..utils.files import write_json
from ..utils.logs import log
from ..utils.predictions import Predictions

REPORT = "reports/cross-validation.json"
Scored = tuple[NDArray[Any], Predictions]  # y_true and predictions of the same rows


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--models` and `--folds`."""
    parser.add_argument("--models", help="names with commas between (default: the model of conf/)")
    parser.add_argument("--folds", type=int, default=5, help="default: 5")


def run(args: argparse.Namespace) -> None:
    """Write reports/cross-validation.json; valid and test are not opened."""
    config = load_project(args.root, args.overrides)
    names = args.models.split(",") if args.models else [config.model]
    configs = [config.model_copy(update={"model": name}) for name in names]
    for one in configs:
        check_config(one)
    validation = CrossValidation(config, args.root, args.folds)
    found = {}
    for one in configs:
        with runs.repeatable(config.seed):
            found[one.model] = score(one, list(validation.predict(one)))
        log("folds", f"{one.model:<16}{interval_text(found[one.model]['value'])}")
    content = {"n_folds": args.folds, "metric": config.metric, "models": found}
    write_json(args.root / REPORT, {**content, "data": hashes_of(validation.manifest)})
    log("", f"record    {REPORT}")


class CrossValidation:
    """Train, cut into folds once, so that all models are scored on the same rows."""

    def __init__(self, config: Config, root: Path, n_folds: int) -> None:
        self.config, self.manifest = config, ensure(config, root)
        self.rows = read_part(root, "train")
        self.folds = folds_of(config, self.rows, n_folds)

    def predict(self, config: Config) -> Iterator[Scored]:
        """For each fold its rows, predicted by a model that is fitted on the other rows."""
        classes, target = self.manifest["classes"], config.data.target
        for fitted, scored in self.folds:
            features, rows = self.manifest["features"], self.rows[scored]
            model, _ = fit(config, config.model, self.rows[fitted], features, classes)
            yield encode_target(rows[target], classes), model.predict(rows)


def pool(found: Sequence[Scored]) -> Scored:
    """The rows of several folds as one."""
    scores = [p.y_score for _, p in found if p.y_score is not None]
    y_pred = np.concatenate([p.y_pred for _, p in found])
    y_score = np.concatenate(scores) if scores else None
    return np.concatenate([y for y, _ in found]), Predictions(y_pred, y_score)


def value_of(config: Config, y_true: NDArray[Any], predicted: Predictions) -> float:
    """The chosen metric; NaN where it is not defined on these rows."""
    return evaluate_metric(METRICS[config.metric], y_true, predicted.y_pred, predicted.y_score)


def score(config: Config, found: Sequence[Scored]) -> dict[str, Any]:
    """Value and interval over the rows of all folds; the value of each, their mean and spread."""
    values = [value_of(config, *one) for one in found]
    known = [value for value in values if value == value]
    return {
        "value": bootstrap(METRICS[config.metric], *pool(found), **bootstrap_options(config)),
        "scores": [value if value == value else None for value in values],
        "mean": statistics.fmean(known) if known else None,
        "std": statistics.stdev(known) if len(known) > 1 else None,
    }
