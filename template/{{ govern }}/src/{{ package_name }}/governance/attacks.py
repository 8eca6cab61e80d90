"""Attack the newest model: membership inference, corrupted and impossible inputs: `attacks`."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ..dataloader.manifest import hashes_of, read_manifest, read_part
from ..dataloader.schema import Schema
from ..dataloader.sources import ROW
from ..evaluation.metrics import METRICS, score
from ..model import store
from ..model.predictor import Array, Predictor, encode_target
from ..utils import runs
from ..utils.errors import CheckFailed
from ..utils.files import write_json
from ..utils.logs import log
from ..utils.predictions import Predictions
from .settings import load_governance

MEMBERSHIP, ROBUSTNESS = Path("reports", "membership.json"), Path("reports", "robustness.json")
MAX_ROWS, MIN_ROWS = 5000, 20
NOISE = 0.05  # of a column's standard deviation


def run(args: argparse.Namespace) -> None:
    """Write both reports; raises CheckFailed beyond the limits of conf/governance.yaml."""
    root, limits = args.root, load_governance(args.root, args.overrides).attacks
    chosen, manifest = runs.find(root), read_manifest(root)
    if manifest is None or hashes_of(manifest) != chosen.record["data"]:
        raise ValueError(f"logs/{chosen.folder.name}: data/ holds other data now; train again")
    model, description = store.load(chosen.folder)
    parts = [read_part(root, name) for name in ("train", "valid")]
    train, valid = (rows.sample(min(len(rows), MAX_ROWS), seed=0) for rows in parts)
    about = {key: chosen.record[key] for key in ("run", "trees", "data")}
    found = membership(model, description["target"], train, valid)
    tested = robustness(model, description, train, valid)
    auc, most = found["auc"], limits.membership_auc
    drop, allowed = tested["worst_drop"], limits.allowed_drop * abs(tested["clean"])
    write_json(root / MEMBERSHIP, {**about, "membership": found, "limit": most})
    write_json(root / ROBUSTNESS, {**about, **tested, "allowed_drop": allowed})
    text = f"membership.auc {auc:.3f} of at most {most:g}, worst_drop {drop:.4f} of {allowed:.4f}"
    log("attacks", f"{text}; {MEMBERSHIP.as_posix()}, {ROBUSTNESS.as_posix()}")
    if auc > most or drop > allowed:
        raise CheckFailed(f"{text}; rules in conf/schema.yaml refuse corrupted rows")


def membership(model: Predictor, target: str, *parts: pl.DataFrame) -> dict[str, Any]:
    """How well a threshold on a row's loss separates the rows of train from those of valid.

    auc: 0.5 is guessing. Source: Yeom et al. (2018), Privacy Risk in Machine Learning.
    """
    from sklearn.metrics import roc_auc_score

    losses = np.concatenate([_losses(model, target, rows) for rows in parts])
    is_member = np.repeat([1, 0], [len(rows) for rows in parts])
    return {"auc": float(roc_auc_score(is_member, -losses)), "n_rows": len(losses)}


def _losses(model: Predictor, target: str, rows: pl.DataFrame) -> Array:
    """-log of the true class's probability, or the absolute error; shape (n_rows,)."""
    y_true, predicted = encode_target(rows[target], model.classes), model.predict(rows)
    losses: Array = np.abs(y_true - predicted.y_pred)
    if predicted.y_score is not None:
        losses = -np.log(np.maximum(predicted.y_score[np.arange(len(y_true)), y_true], 1e-12))
    return losses


def robustness(
    model: Predictor, description: dict[str, Any], train: pl.DataFrame, valid: pl.DataFrame
) -> dict[str, Any]:
    """How far the metric falls on corrupted copies of valid, among rows that the schema accepts.

    share_flagged: of the rows that the schema refuses, so that the model never sees them.
    """
    schema, metric = Schema.model_validate(description["schema"]), description["metric"]
    sign = 1 if METRICS[metric].greater_is_better else -1

    def value(rows: pl.DataFrame, predicted: Predictions | None = None) -> float:
        predicted = predicted or model.predict(rows)
        y_true = encode_target(rows[description["target"]], model.classes)
        found = score(description["task"], y_true, predicted)
        return float(found[metric] or 0.0)

    clean = value(valid)
    cases: list[dict[str, Any]] = []
    for name, cells in _corruptions(schema, train, len(valid)):
        rows = valid.with_columns(cells)
        given = rows.select(ROW, *schema.columns)
        kept = ~rows[ROW].is_in(schema.violations(given, given)[ROW].implode())
        enough, share = kept.sum() >= MIN_ROWS, 1 - kept.sum() / len(kept)
        drop = sign * (value(valid.filter(kept)) - value(rows.filter(kept))) if enough else 0.0
        cases.append({"name": name, "drop": drop, "share_flagged": share})
    if any(column.type == "image" for column in schema.columns.values()):
        for name, X in _pixels(model.matrix(valid)):
            drop = sign * (clean - value(valid, model.predict_matrix(X)))
            cases.append({"name": name, "drop": drop, "share_flagged": 0.0})
    worst = max(one["drop"] for one in cases)
    return {"metric": metric, "clean": clean, "cases": cases, "worst_drop": worst}


def _pixels(X: Array) -> Iterator[tuple[str, Array]]:
    """(what is wrong, the images with it). X: uint8, or numbers up to 1."""
    white = 255 if X.dtype == np.uint8 else 1
    noise = np.random.default_rng(0).normal(scale=NOISE * white, size=X.shape)
    yield "images have noise", (X + noise).clip(0, white).astype(X.dtype)
    yield "images are a fifth darker", (0.8 * X).astype(X.dtype)


def _corruptions(schema: Schema, train: pl.DataFrame, n_rows: int) -> Iterator[tuple[str, pl.Expr]]:
    """(what is wrong, the cells of that column): empty; noise, beyond its range; unknown."""
    noise = pl.lit(NOISE * pl.Series(np.random.default_rng(0).normal(size=n_rows)))
    for name, column in schema.columns.items():
        cells = train[name]
        yield f"{name} is empty", pl.lit(None, cells.dtype).alias(name)
        if column.type == "number":
            beyond = 2 * pl.lit(cells.max()) - pl.lit(cells.min())
            yield f"{name} has noise", pl.col(name) + noise * (cells.std() or 0.0)
            yield f"{name} is beyond its range", beyond.cast(pl.Float64).alias(name)
            yield f"{name} is impossible", pl.lit(1e30).alias(name)
        if column.type == "category":
            yield f"{name} is an unknown category", pl.lit("?").alias(name)
        if column.type == "text":
            yield f"{name} is in capitals", pl.col(name).str.to_uppercase()
            half = pl.col(name).str.len_chars() // 2
            yield f"{name} ends half way", pl.col(name).str.head(half)
