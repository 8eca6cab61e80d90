"""Replay logged rows through training, and compare with what was served: `skew`."""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ..dataloader.schema import Schema
from ..model import store
from ..model.predictor import Predictor
from ..registry.versions import resolve
from ..serving.model_version import ModelVersion
from ..serving.requests import column_types, row_model, typed_table
from ..serving.serve import load_version
from ..serving.settings import load_service
from ..utils.errors import CheckFailed
from ..utils.files import write_json
from ..utils.logs import log
from ..utils.predictions import Array, Predictions
from .log import read_predictions
from .quality import as_predictions, usable_rows
from .replay import training_rows
from .settings import PATH, load_monitoring

REPORT = Path("reports", "skew.json")
MAX_UNEQUAL, TOLERANCE = 0.001, 1e-5  # share of rows; relative, as `export` compares
MAX_ROWS = 10_000  # the newest ones


def run(args: argparse.Namespace) -> None:
    """Write reports/skew.json; raises CheckFailed with each column above MAX_UNEQUAL."""
    service = load_service(args.root)
    served = load_version(args.root, service, args.version)
    masked = {*load_monitoring(args.root, args.overrides).log.mask} & {*served.schema.columns}
    if masked:
        raise ValueError(f"{PATH}: log.mask hides {', '.join(sorted(masked))}, which skew needs")
    rows = _logged(args.root, served)
    columns = compare_paths(rows, served)
    report = {"n_rows": len(rows), "model_version": served.name, "columns": columns}
    write_json(args.root / REPORT, report)
    unequal = [one for one in columns if one["unequal_share"] > MAX_UNEQUAL]
    log("skew", f"{len(unequal)} of {len(columns)} columns differ, {len(rows)} rows")
    for one in unequal:
        log("", f"{one['column']:<32} {one['unequal_share']:.2%} of rows")
    if unequal:
        names = ", ".join(one["column"] for one in unequal)
        raise CheckFailed(f"{REPORT.as_posix()}: more than {MAX_UNEQUAL:.1%} unequal: {names}")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--version`."""
    parser.add_argument("--version", help="the version that served (default: conf/service.yaml)")


def compare_paths(rows: pl.DataFrame, served: ModelVersion) -> list[dict[str, Any]]:
    """Share of unequal rows by raw column, by feature, and by what was served.

    rows: of the log. Cells and features are computed from the logged row by the code of the
    service and by that of training; predictions are those that were served.
    """
    trained, description = store.load(served.folder)
    schema = Schema.model_validate(description["schema"])
    parsed = training_rows(rows["row"], schema)
    typed = _as_service(rows["row"], served)
    found = {name: ~parsed[name].eq_missing(typed[name]) for name in schema.columns}
    unequal = {f"cell {name}": bad.to_numpy() for name, bad in found.items()}
    unequal |= _features(trained, served, parsed, typed)
    classes = description["classes"]
    unequal |= _predictions(trained.predict(parsed), as_predictions(rows, classes), classes)
    shares = {name: float(np.mean(bad)) for name, bad in unequal.items()}
    ranked = sorted(shares.items(), key=lambda one: -one[1])
    return [{"column": name, "unequal_share": share} for name, share in ranked]


def _logged(root: Path, served: ModelVersion) -> pl.DataFrame:
    """The newest rows that this version itself predicted."""
    version = resolve(root, served.name).name
    chosen = (pl.col("model_version") == version) & (pl.col("source") == "model")
    kept = read_predictions(root).filter(chosen & pl.col("row").is_not_null())
    rows = usable_rows(kept.tail(MAX_ROWS).collect(), "prediction", served.description["classes"])
    if rows.is_empty():
        raise ValueError(f"data/served/predictions/: no row of version {version}; log.raw: row")
    return rows


def _as_service(rows: pl.Series, served: ModelVersion) -> pl.DataFrame:
    model = row_model(served.schema)
    requests = [model.model_validate_json(text) for text in rows]
    return typed_table(column_types(served.schema), requests)


def _features(
    trained: Predictor, served: ModelVersion, parsed: pl.DataFrame, typed: pl.DataFrame
) -> dict[str, Array]:
    """Which rows of each feature differ between training and the service."""
    assert served.predictor is not None, "its files are missing"
    one, other = trained.matrix(parsed), served.predictor.matrix(typed)
    names = trained.preprocessor.feature_names_
    columns = zip(names, one.T, other.T, strict=True)
    return {f"feature {name}": _differs(left, right) for name, left, right in columns}


def _predictions(
    one: Predictions, other: Predictions, classes: list[str] | None
) -> dict[str, Array]:
    if one.y_score is None or other.y_score is None:
        return {"prediction": _differs(one.y_pred, other.y_pred)}
    columns = zip(classes or (), one.y_score.T, other.y_score.T, strict=True)
    found = {f"probability {name}": _differs(left, right) for name, left, right in columns}
    return {"prediction": one.y_pred != other.y_pred, **found}


def _differs(one: Array, other: Array) -> Array:
    return ~np.isclose(one, other, TOLERANCE, TOLERANCE, equal_nan=True)
