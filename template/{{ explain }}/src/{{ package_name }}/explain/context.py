"""A finished run with its model, and the parts that every command may read."""

import argparse
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ..configs.load import load_project
from ..configs.settings import Config
from ..dataloader.manifest import read_part
from ..evaluation.metrics import METRICS, Metric
from ..evaluation.report import render
from ..executor.evaluate import check_data
from ..model import store
from ..model.predictor import Array, Predictor, encode_target
from ..utils import runs
from ..utils.files import write_json, write_text
from ..utils.logs import log
from ..utils.provenance import tree_id


@dataclass(frozen=True)
class Context:
    """config: as the run was trained. train, valid: typed rows; the test part stays closed."""

    root: Path
    run: runs.Run
    config: Config
    predictor: Predictor
    train: pl.DataFrame
    valid: pl.DataFrame

    @property
    def metric(self) -> tuple[str, Metric]:
        """For classes the Brier score, which small changes move; for numbers the run's own."""
        is_class = self.config.task == "classification" and "brier" in METRICS
        name = "brier" if is_class else self.config.metric
        return name, METRICS[name]

    def target(self, rows: pl.DataFrame) -> Array:
        """Class codes or numbers of these rows; shape (n_rows,)."""
        return encode_target(rows[self.config.data.target], self.predictor.classes)

    def error(self, rows: pl.DataFrame) -> Array:
        """1 - the probability of the true class, or the absolute error; shape (n_rows,)."""
        y_true, predicted = self.target(rows), self.predictor.predict(rows)
        if predicted.y_score is None:
            return np.asarray(np.abs(predicted.y_pred - y_true))
        return np.asarray(1 - predicted.y_score[np.arange(len(rows)), y_true])

    def write(self, name: str, report: dict[str, Any]) -> None:
        """Write reports/<name>.json, and reports/<name>.html from explain/pages/<name>.html."""
        header = {
            "run": self.run.folder.name,
            "created": datetime.now(UTC).isoformat(),
            "model": self.config.model,
            "split": "valid",
            "n_rows": len(self.valid),
            "trees": {folder: tree_id(self.root, folder) for folder in ("src", "conf")},
            "data": self.run.record["data"],
        }
        content, path = header | report, self.root / "reports" / name
        write_json(path.with_suffix(".json"), content)
        page = render(f"explain/pages/{name}.html", report=content)
        write_text(path.with_suffix(".html"), page)
        log("", f"report    reports/{name}.html      record  reports/{name}.json")


def add_run(parser: argparse.ArgumentParser) -> None:
    """`--run`."""
    parser.add_argument("--run", help="the run to look at, a folder in logs/ (default: newest)")


def load_context(args: argparse.Namespace) -> Context:
    """The run of `--run`, or the newest; raises ValueError if it is of other data."""
    config = load_project(args.root, args.overrides)
    chosen = runs.find(args.root, args.run)
    check_data(args.root, chosen)
    trained = Config.model_validate(chosen.record["config"])
    trained = trained.model_copy(update={"evaluation": config.evaluation})
    predictor, _ = store.load(chosen.folder)
    train, valid = (read_part(args.root, name) for name in ("train", "valid"))
    return Context(args.root, chosen, trained, predictor, train, valid)
