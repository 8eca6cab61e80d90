"""Replay logged rows through training, and compare with what was served: `skew`."""

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ..dataloader.schema import Schema
from ..dataloader.sources import ROW
from ..model import store
from ..serving.model_version import ModelVersion
from ..serving.requests import column_types, row_model, typed_table
from ..serving.serve import load_version
from ..serving.settings import load_service
from ..utils.errors import CheckFailed
from ..utils.files import write_json
from ..utils.logs import log
from ..utils.predictions import Array
from .log import ANSWER, read_predictions
from .quality import as_predictions, usable_rows
from .settings import PATH, load_monitoring

REPORT = Path("reports", "skew.json")
MAX_UNEQUAL, TOLERANCE = 0.001, 1e-5  # share of rows; relative, as `export` compares
MAX_ROWS = 10_000  # the newest ones
CELLS = {"number": pl.Float64, "boolean": pl.Boolean}


def run(args: argparse.Namespace) -> None:
    """Write reports/skew.json; raises CheckFailed with each column above MAX_UNEQUAL."""
    served = load_version(args.root, load_service(args.root))
    masked = {*load_monitoring(args.root, args.overrides).log.mask} & {*served.schema.columns}
    if masked:
        raise ValueError(f"{PATH}: log.mask hides {', '.join(sorted(masked))}, which skew needs")
    rows = _logged(args.root, served)
    shares = {name: float(np.mean(bad)) for name, bad in compare_paths(rows, served).items()}
    ranked = sorted(shares.items(), key=lambda one: -one[1])
    columns = [{"column": name, "unequal_share": share} for name, share in ranked]
    report = {"created": datetime.now(UTC).isoformat(timespec="seconds"), "n_rows": len(rows)}
    report |= {"model_version": served.name, "columns": columns}
    write_json(args.root / REPORT, report)
    unequal = [f"{name} {share:.2%}" for name, share in ranked if share > MAX_UNEQUAL]
    log("skew", f"{len(unequal)} of {len(columns)} columns differ, {len(rows)} rows")
    if unequal:
        raise CheckFailed(f"{REPORT.as_posix()}: unequal rows: {', '.join(unequal)}")


def compare_paths(rows: pl.DataFrame, served: ModelVersion) -> dict[str, Array]:
    """Which rows are unequal: by raw column, by feature, and by what was served.

    rows: of the log. Cells and features are computed from the logged row by the code of the
    service and by that of training; predictions are those that were served.
    """
    assert served.predictor is not None, "its files are missing"
    trained, description = store.load(served.folder)
    parsed, model = training_rows(rows["row"], served.schema), row_model(served.schema)
    requests = [model.model_validate_json(text) for text in rows["row"]]
    typed = typed_table(column_types(served.schema), requests)
    unequal: dict[str, Array] = {
        f"cell {name}": (~parsed[name].eq_missing(typed[name])).to_numpy()
        for name in served.schema.columns
    }
    one, other = trained.matrix(parsed), served.predictor.matrix(typed)
    unequal |= _features(trained.preprocessor.feature_names_, one, other)
    again, logged = trained.predict(parsed), as_predictions(rows, description["classes"])
    unequal["prediction"] = _differ(again.y_pred, logged.y_pred)
    if again.y_score is not None and logged.y_score is not None:
        unequal["probability"] = _differ(again.y_score, logged.y_score).max(axis=1)
    return unequal


def _features(names: Sequence[str], one: Any, other: Any) -> dict[str, Array]:
    """Which rows are unequal, by column of the matrix; of sparse ones and of pixels whole rows.

    one, other: dense or sparse, shape (n_rows, ...).
    """
    if not isinstance(one, np.ndarray):
        return {"features": abs(one - other).max(axis=1).toarray()[:, 0] > 0}
    bad = _differ(one, other)
    if bad.ndim > 2:  # such as pixels
        return {"features": np.asarray(bad.reshape(len(bad), -1).any(axis=1))}
    return {f"feature {name}": cells for name, cells in zip(names, bad.T, strict=True)}


def training_rows(rows: pl.Series, schema: Schema) -> pl.DataFrame:
    """ROW and the columns, typed as `prepare` types a file. rows: JSON text, none null."""
    columns = {name: CELLS.get(one.type, pl.String) for name, one in schema.columns.items()}
    cells = pl.read_ndjson("\n".join(rows).encode(), schema=columns)
    return schema.parse(cells.with_row_index(ROW))


def _logged(root: Path, served: ModelVersion) -> pl.DataFrame:
    """The newest rows that this version itself predicted, and answered with."""
    chosen = {"role": ANSWER, "source": "model", "model_version": served.name}
    logged = read_predictions(root).filter(pl.col("row").is_not_null(), **chosen)
    kept = logged.tail(MAX_ROWS).collect()
    rows = usable_rows(kept, "prediction", served.description["classes"])
    if rows.is_empty():
        raise ValueError(f"data/served/predictions/: no row of version {served.name}; log.raw: row")
    return rows


def _differ(one: Array, other: Array) -> Array:
    return np.asarray(~np.isclose(one, other, TOLERANCE, TOLERANCE, equal_nan=True))
