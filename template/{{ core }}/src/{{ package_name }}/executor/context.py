"""A finished run with its model, and the parts that every command may read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from ..configs.load import load_project
from ..configs.settings import Config
from ..dataloader import manifest as manifests
from ..dataloader.schema import Schema
from ..evaluation.metrics import METRICS, check_floor, evaluate_metric
from ..model import store
from ..model.predictor import Array, Predictor, encode_target
from ..utils import runs
from ..utils.predictions import Predictions
from ..utils.provenance import git_state


@dataclass(frozen=True)
class RunContext:
    """config: of the run, with the evaluation settings of now. train, valid: typed rows.

    schema: of the features. manifest: of the data, which is what the run was trained on.
    """

    root: Path
    run: runs.Run
    config: Config
    model: Predictor
    schema: Schema
    manifest: dict[str, Any]
    train: pl.DataFrame
    valid: pl.DataFrame

    def target(self, rows: pl.DataFrame) -> Array:
        """Class codes or numbers of these rows; shape (n_rows,)."""
        return encode_target(rows[self.config.data.target], self.model.classes)

    def value(self, rows: pl.DataFrame, predicted: Predictions) -> float:
        """The chosen metric of predictions for these rows; NaN where it is not defined."""
        return evaluate_metric(METRICS[self.config.metric], self.target(rows), predicted)

    def header(self, split: str, n_rows: int) -> dict[str, Any]:
        """What a report is about: run, data and code. The checklist reads it."""
        return {
            "run": self.run.folder.name,
            "created": datetime.now(UTC).isoformat(),
            "model": self.config.model,
            "split": split,
            "n_rows": n_rows,
            "trees": runs.trees(self.root),
            "data": self.run.record["data"],
            "git": git_state(self.root),
        }


def load_context(root: Path, overrides: Sequence[str], name: str | None) -> RunContext:
    """The run of that name, or the newest; raises ValueError if it is of other data than data/."""
    config, chosen = load_project(root, overrides), runs.find(root, name)
    check_floor(config.metric, config.evaluation.floor)
    manifest = manifests.read_manifest(root)
    if manifest is None or not manifests.is_complete(root, manifest):
        raise ValueError("data/: parts are missing or changed; run `prepare`, then `train`")
    if manifests.hashes_of(manifest) != chosen.record["data"]:
        where = f"logs/{chosen.folder.name}"
        raise ValueError(f"{where}: trained on other data than data/ holds; train again")
    trained = Config.model_validate(chosen.record["config"])
    trained = trained.model_copy(update={"evaluation": config.evaluation})
    model, description = store.load(chosen.folder)
    schema = Schema.model_validate(description["schema"])
    parts = [manifests.read_part(root, part) for part in ("train", "valid")]
    return RunContext(root, chosen, trained, model, schema, manifest, *parts)
