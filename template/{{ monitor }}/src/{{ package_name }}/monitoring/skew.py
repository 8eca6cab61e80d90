"""Replay logged rows through training, and compare with what was served: `skew`."""

import argparse
from pathlib import Path

import numpy as np
import polars as pl

from ..dataloader.schema import Schema
from ..dataloader.sources import ROW
from ..model import store
from ..registry.versions import resolve
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
    service = load_service(args.root)
    served = load_version(args.root, service)
    masked = {*load_monitoring(args.root, args.overrides).log.mask} & {*served.schema.columns}
    if masked:
        raise ValueError(f"{PATH}: log.mask hides {', '.join(sorted(masked))}, which skew needs")
    rows = _logged(args.root, served)
    shares = {name: float(np.mean(bad)) for name, bad in compare_paths(rows, served).items()}
    ranked = sorted(shares.items(), key=lambda one: -one[1])
    columns = [{"column": name, "unequal_share": share} for name, share in ranked]
    report = {"n_rows": len(rows), "model_version": served.name, "columns": columns}
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
    names = trained.preprocessor.feature_names_
    one, other = trained.matrix(parsed), served.predictor.matrix(typed)
    if isinstance(one, np.ndarray):
        features = zip(names, one.T, other.T, strict=True)
        unequal |= {f"feature {name}": _differs(*pair) for name, *pair in features}
    else:  # a sparse matrix
        unequal["features"] = abs(one - other).max(axis=1).toarray()[:, 0] > 0
    again, logged = trained.predict(parsed), as_predictions(rows, description["classes"])
    unequal["prediction"] = _differs(again.y_pred, logged.y_pred)
    if again.y_score is not None and logged.y_score is not None:
        unequal["probability"] = _differs(again.y_score, logged.y_score).max(axis=1)
    return unequal


def training_rows(rows: pl.Series, schema: Schema) -> pl.DataFrame:
    """ROW and the columns, typed as `prepare` types a file. rows: JSON text, none null."""
    columns = {name: CELLS.get(one.type, pl.String) for name, one in schema.columns.items()}
    content = "\n".join(rows).encode()
    cells = pl.read_ndjson(content, schema=columns) if content else pl.DataFrame(schema=columns)
    return schema.parse(cells.with_row_index(ROW))


def _logged(root: Path, served: ModelVersion) -> pl.DataFrame:
    """The newest rows that this version itself predicted, and answered with."""
    version = resolve(root, served.name).name
    answered = (pl.col("role") == ANSWER) & (pl.col("source") == "model")
    chosen = answered & (pl.col("model_version") == version) & pl.col("row").is_not_null()
    kept = read_predictions(root).filter(chosen).tail(MAX_ROWS).collect()
    rows = usable_rows(kept, "prediction", served.description["classes"])
    if rows.is_empty():
        raise ValueError(f"data/served/predictions/: no row of version {version}; log.raw: row")
    return rows


def _differs(one: Array, other: Array) -> Array:
    return np.asarray(~np.isclose(one, other, TOLERANCE, TOLERANCE, equal_nan=True))
