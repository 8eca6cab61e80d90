"""Attack the newest model: membership inference, corrupted and impossible inputs: `attacks`."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ..configs.load import load_project
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
LOW_FPR = 0.01
Case = tuple[str, pl.DataFrame]


def run(args: argparse.Namespace) -> None:
    """Write both reports; raises CheckFailed beyond the limits of conf/governance.yaml."""
    limits = load_governance(args.root, args.overrides).attacks
    config, chosen = load_project(args.root), runs.find(args.root)
    manifest = read_manifest(args.root)
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
    write_json(
        args.root / MEMBERSHIP, {**about, "membership": found, "limit": limits.membership_auc}
    )
    log("attacks", f"membership: AUC {found['auc']:.3f} (0.5 is guessing), {MEMBERSHIP.as_posix()}")
    tested = robustness(model, description, train, valid, config.seed)
    worst = max(one["drop"] for one in tested["cases"])
    allowed_drop = limits.allowed_drop * abs(tested["clean"])
    allowed = {"worst_drop": worst, "allowed_drop": allowed_drop}
    write_json(args.root / ROBUSTNESS, {**about, **tested, **allowed})
    for one in sorted(tested["cases"], key=lambda one: -float(one["drop"]))[:N_SHOWN]:
        log("", f"{one['name']:<44} drop {one['drop']:+.4f}, {one['share_flagged']:.0%} refused")
    if faults := list(_faults(found, tested, limits.membership_auc, worst, allowed_drop)):
        raise CheckFailed("\n".join(faults))


def _faults(found: Any, tested: Any, max_auc: float, worst: float, allowed: float) -> Iterator[str]:
    if found["auc"] > max_auc:
        yield f"membership.auc is {found['auc']:.3f}, at most {max_auc:g} is allowed"
    if worst > allowed:
        text = f"worst_drop is {worst:.4f}, at most {allowed:.4f} is allowed"
        yield f"{text}; rules in conf/schema.yaml refuse such rows"
    if tested["n_not_finite"]:
        yield f"{tested['n_not_finite']} predictions are not finite numbers"


def membership(
    model: Predictor, target: str, train: pl.DataFrame, valid: pl.DataFrame
) -> dict[str, Any]:
    """How well a threshold on a row's loss separates rows of train from rows of valid.

    auc: 0.5 is guessing. tpr_at_low_fpr: share of train found where 1 % of valid is mistaken.
    Source: Yeom et al. (2018), Privacy Risk in Machine Learning; Carlini et al. (2022).
    """
    from sklearn.metrics import roc_auc_score, roc_curve

    losses = [_losses(model, target, rows) for rows in (train, valid)]
    is_member = np.repeat([1, 0], [len(one) for one in losses])
    suspicion = -np.concatenate(losses)
    fpr, tpr, _ = roc_curve(is_member, suspicion)
    return {
        "auc": float(roc_auc_score(is_member, suspicion)),
        "tpr_at_low_fpr": float(tpr[fpr <= LOW_FPR].max()),
        "n_rows": len(is_member),
    }


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
    model: Predictor,
    description: dict[str, Any],
    train: pl.DataFrame,
    valid: pl.DataFrame,
    seed: int,
) -> dict[str, Any]:
    """How far the metric falls on corrupted copies of valid, among rows that the schema accepts.

    share_flagged: of the rows that the schema refuses, so that the model never sees them.
    """
    schema = Schema.model_validate(description["schema"])
    y_true = encode_target(valid[description["target"]], model.classes)
    cases, n_not_finite = [], 0
    for name, rows in _corrupted(schema, train, valid, np.random.default_rng(seed)):
        predicted = model.predict(rows)
        numbers = predicted.y_pred if predicted.y_score is None else predicted.y_score
        n_not_finite += int((~np.isfinite(numbers)).sum())
        given = rows.select(ROW, *schema.columns)
        refused = schema.violations(given, given)[ROW].unique()
        kept = ~rows[ROW].is_in(refused.implode()).to_numpy()
        drop = _drop(model, description, valid, rows, y_true, kept)
        cases.append({"name": name, "drop": drop, "share_flagged": float(1 - kept.mean())})
    clean = _value(model, description, valid, y_true)
    about = {"metric": description["metric"], "clean": clean}
    return {**about, "cases": cases, "n_not_finite": n_not_finite}


def _drop(
    model: Predictor,
    description: dict[str, Any],
    clean: pl.DataFrame,
    rows: pl.DataFrame,
    y_true: Array,
    kept: Array,
) -> float:
    """How much worse the metric is on these rows than on the same ones uncorrupted."""
    if kept.sum() < MIN_ROWS:
        return 0.0
    values = [_value(model, description, one.filter(kept), y_true[kept]) for one in (clean, rows)]
    sign = 1 if METRICS[description["metric"]].greater_is_better else -1
    return float(sign * (values[0] - values[1]))


def _value(
    model: Predictor, description: dict[str, Any], rows: pl.DataFrame, y_true: Array
) -> float:
    predicted = model.predict(rows)
    found = score(description["task"], y_true, predicted.y_pred, predicted.y_score)
    return found[description["metric"]] or 0.0


def _corrupted(
    schema: Schema, train: pl.DataFrame, valid: pl.DataFrame, random: np.random.Generator
) -> Iterator[Case]:
    """(name, copy of valid): noise, and by column: empty, beyond the range, impossible, unknown."""
    numbers = [name for name, one in schema.columns.items() if one.type == "number"]
    texts = [name for name, one in schema.columns.items() if one.type == "category"]
    noise = [
        pl.col(name)
        + NOISE * (train[name].std() or 0.0) * pl.Series(random.normal(size=len(valid)))
        for name in numbers
    ]
    if noise:
        yield f"noise of {NOISE:.0%} in every number", valid.with_columns(noise)
    for name in schema.columns:
        yield f"{name} is empty", valid.with_columns(pl.lit(None, valid[name].dtype).alias(name))
    for name in numbers:
        low, high = train[name].min(), train[name].max()
        beyond = 2 * pl.lit(high) - pl.lit(low)
        yield f"{name} is beyond its range", valid.with_columns(beyond.cast(pl.Float64).alias(name))
        yield f"{name} is impossible", valid.with_columns(pl.lit(1e30).alias(name))
    for name in texts:
        yield f"{name} is an unknown category", valid.with_columns(pl.lit("?").alias(name))


def _some(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.sample(min(len(rows), MAX_ROWS), seed=0)
