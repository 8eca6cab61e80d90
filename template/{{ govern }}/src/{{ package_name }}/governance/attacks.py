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
from .settings import load_governance

MEMBERSHIP, ROBUSTNESS = Path("reports", "membership.json"), Path("reports", "robustness.json")
MAX_ROWS, MIN_ROWS, N_SHOWN = 5000, 20, 5
NOISE = 0.05  # of a column's standard deviation


def run(args: argparse.Namespace) -> None:
    """Write both reports; raises CheckFailed beyond the limits of conf/governance.yaml."""
    limits = load_governance(args.root, args.overrides).attacks
    chosen, manifest = runs.find(args.root), read_manifest(args.root)
    if manifest is None or hashes_of(manifest) != chosen.record["data"]:
        raise ValueError(f"logs/{chosen.folder.name}: data/ holds other data now; train again")
    model, description = store.load(chosen.folder)
    train, valid = (_some(read_part(args.root, name)) for name in ("train", "valid"))
    about = {
        "run": chosen.folder.name,
        "trees": chosen.record["trees"],
        "data": description["data"],
    }
    found = membership(model, description["target"], train, valid)
    report = {**about, "membership": found, "limit": limits.membership_auc}
    write_json(args.root / MEMBERSHIP, report)
    log("attacks", f"membership: AUC {found['auc']:.3f} (0.5 is guessing), {MEMBERSHIP.as_posix()}")
    tested = robustness(model, description, train, valid)
    tested["allowed_drop"] = limits.allowed_drop * abs(tested["clean"])
    write_json(args.root / ROBUSTNESS, about | tested)
    for one in sorted(tested["cases"], key=lambda one: -float(one["drop"]))[:N_SHOWN]:
        log("", f"{one['name']:<44} drop {one['drop']:+.4f}, {one['share_flagged']:.0%} refused")
    _check(found["auc"], limits.membership_auc, tested)


def _check(auc: float, max_auc: float, tested: dict[str, Any]) -> None:
    worst, allowed, faults = tested["worst_drop"], tested["allowed_drop"], []
    if auc > max_auc:
        faults.append(f"membership.auc is {auc:.3f}, at most {max_auc:g} is allowed")
    if worst > allowed:
        text = f"worst_drop is {worst:.4f}, at most {allowed:.4f} is allowed"
        faults.append(f"{text}; rules in conf/schema.yaml refuse such rows")
    if faults:
        raise CheckFailed("\n".join(faults))


def membership(
    model: Predictor, target: str, train: pl.DataFrame, valid: pl.DataFrame
) -> dict[str, Any]:
    """How well a threshold on a row's loss separates rows of train from rows of valid.

    auc: 0.5 is guessing.
    Source: Yeom et al. (2018), Privacy Risk in Machine Learning.
    """
    from sklearn.metrics import roc_auc_score

    losses = [_losses(model, target, rows) for rows in (train, valid)]
    is_member = np.repeat([1, 0], [len(one) for one in losses])
    auc = float(roc_auc_score(is_member, -np.concatenate(losses)))
    return {"auc": auc, "n_rows": len(is_member)}


def _losses(model: Predictor, target: str, rows: pl.DataFrame) -> Array:
    """-log of the true class's probability, or the absolute error; shape (n_rows,)."""
    y_true, predicted = encode_target(rows[target], model.classes), model.predict(rows)
    if predicted.y_score is None:
        errors: Array = np.abs(y_true - predicted.y_pred)
        return errors
    shares: Array = predicted.y_score[np.arange(len(y_true)), y_true]
    losses: Array = -np.log(np.maximum(shares, 1e-12))
    return losses


def robustness(
    model: Predictor, description: dict[str, Any], train: pl.DataFrame, valid: pl.DataFrame
) -> dict[str, Any]:
    """How far the metric falls on corrupted copies of valid, among rows that the schema accepts.

    share_flagged: of the rows that the schema refuses, so that the model never sees them.
    """
    schema = Schema.model_validate(description["schema"])
    sign = 1 if METRICS[description["metric"]].greater_is_better else -1
    cases: list[dict[str, Any]] = []
    for name, rows in _corrupted(schema, train, valid):
        given = rows.select(ROW, *schema.columns)
        refused = schema.violations(given, given)[ROW].unique()
        kept = ~rows[ROW].is_in(refused.implode())
        drop = 0.0
        if kept.sum() >= MIN_ROWS:
            clean, found = (_value(model, description, one.filter(kept)) for one in (valid, rows))
            drop = sign * (clean - found)
        cases.append({"name": name, "drop": drop, "share_flagged": 1 - float(kept.mean())})  # type: ignore[arg-type]
    clean = _value(model, description, valid)
    worst = max(one["drop"] for one in cases)
    return {"metric": description["metric"], "clean": clean, "cases": cases, "worst_drop": worst}


def _value(model: Predictor, description: dict[str, Any], rows: pl.DataFrame) -> float:
    """The metric; raises CheckFailed where a prediction is not a finite number."""
    predicted = model.predict(rows)
    numbers = predicted.y_pred if predicted.y_score is None else predicted.y_score
    if not np.isfinite(numbers).all():
        raise CheckFailed("predictions of corrupted rows are not finite numbers")
    y_true = encode_target(rows[description["target"]], model.classes)
    found = score(description["task"], y_true, predicted.y_pred, predicted.y_score)
    return float(found[description["metric"]] or 0.0)


def _corrupted(
    schema: Schema, train: pl.DataFrame, valid: pl.DataFrame
) -> Iterator[tuple[str, pl.DataFrame]]:
    """(name, copy of valid), by column: empty; with noise, beyond its range; unknown."""
    random = np.random.default_rng(0)
    for name, column in schema.columns.items():
        cases = {"is empty": pl.lit(None, valid[name].dtype)}
        if column.type == "number":
            noise = pl.Series(NOISE * random.normal(size=len(valid)))
            low, high = train[name].min(), train[name].max()
            cases["has noise"] = pl.col(name) + noise * (train[name].std() or 0.0)
            cases["is beyond its range"] = (2 * pl.lit(high) - pl.lit(low)).cast(pl.Float64)
            cases["is impossible"] = pl.lit(1e30)
        if column.type == "category":
            cases["is an unknown category"] = pl.lit("?")
        for text, cells in cases.items():
            yield f"{name} {text}", valid.with_columns(cells.alias(name))


def _some(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.sample(min(len(rows), MAX_ROWS), seed=0)
