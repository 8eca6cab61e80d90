"""Compute a logged prediction again: `recompute PREDICTION_ID`."""

import argparse
import json
import math
from pathlib import Path
from typing import Any

import polars as pl

from ..monitoring.log import read_predictions
from ..serving.model_version import Output
from ..serving.requests import column_types, row_model, typed_table
from ..serving.serve import load_version
from ..serving.settings import load_service
from ..utils.errors import CheckFailed
from ..utils.logs import log

TOLERANCE = 1e-6  # of a probability, or relative: rows of one request are predicted together
FALLBACK = "fallback"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The prediction."""
    parser.add_argument("prediction", metavar="PREDICTION_ID", help="as in the response")


def run(args: argparse.Namespace) -> None:
    """Print both results; raises CheckFailed if they differ."""
    logged = find_logged(args.root, args.prediction)
    found = recompute(args.root, logged)
    log("recompute", f"version {logged['model_version']}: {_shown(found)}")
    log("", f"logged {logged['time']:%Y-%m-%d %H:%M:%S}: {_shown(logged)}")
    if not is_equal(found, logged):
        raise CheckFailed(f"{args.prediction}: the results differ")
    log("", "equal")


def find_logged(root: Path, prediction: str) -> dict[str, Any]:
    """The line of the prediction log, with its texts parsed; raises ValueError without one."""
    rows = read_predictions(root).filter(pl.col("prediction_id") == prediction).collect()
    if not len(rows):
        raise ValueError(f"data/served/predictions/: no prediction '{prediction}'; purged?")
    (found,) = rows.to_dicts()
    for name in ("probabilities", "row"):
        found[name] = None if found[name] is None else json.loads(found[name])
    return found


def recompute(root: Path, logged: dict[str, Any]) -> Output:
    """What the version that was served predicts for the row that was served.

    Raises ValueError where the row was not kept, or the version is gone.
    """
    if logged["row"] is None:
        raise ValueError("the row was not logged; log.raw: row in conf/monitoring.yaml keeps it")
    version = load_version(root, load_service(root), logged["model_version"])
    if logged["source"] == FALLBACK:  # why it was used is a fact of that moment
        return version.fallback(logged["reason"])
    if missing := set(version.schema.columns) - set(logged["row"]):
        raise ValueError(f"the row was logged without {sorted(missing)[0]}, which log.mask hides")
    row = row_model(version.schema).model_validate(logged["row"])
    return version.predict(typed_table(column_types(version.schema), [row]))[0]


def is_equal(found: Output, logged: dict[str, Any]) -> bool:
    """The same class with the same probabilities, or the same number."""
    if found["probabilities"] is None:
        return math.isclose(found["prediction"], float(logged["prediction"]), rel_tol=TOLERANCE)
    pairs = [
        (share, logged["probabilities"][name]) for name, share in found["probabilities"].items()
    ]
    same = all(math.isclose(*pair, abs_tol=TOLERANCE) for pair in pairs)
    return same and found["prediction"] == logged["prediction"]


def _shown(one: dict[str, Any]) -> str:
    return f"{one['prediction']} {one['probabilities'] or ''} by {one['source']}"
