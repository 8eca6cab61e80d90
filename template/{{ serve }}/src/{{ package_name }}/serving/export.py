"""Write a version's model as ONNX beside it, if it predicts the same."""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ..dataloader.sources import ROW
from ..model import store
from ..model.predictor import Predictor
from ..model.preprocess import Matrix
from ..registry.versions import BACKGROUND, resolve
from ..utils.files import read_json, replacing, sha256_of_file, write_json
from ..utils.logs import log
from ..utils.predictions import Array, Predictions
from .model_version import FACTS, ONNX, ONNXRUNTIME, OnnxEstimator
from .settings import load_service

OPSET = {"": 17, "ai.onnx.ml": 3}
TOLERANCE = 1e-5  # relative to the value, or to 1 where the value is smaller
N_MIXED = 1000


def run(args: argparse.Namespace) -> None:
    """Export the model that conf/service.yaml names; `export model=2` another one."""
    export(resolve(args.root, load_service(args.root, args.overrides).model))


def ensure_exported(folder: Path) -> None:
    """Export the version in this folder unless that is done."""
    path, model = folder / FACTS, read_json(folder / store.DESCRIPTION)["sha256"]
    if not path.is_file() or read_json(path)["model_sha256"] != model:
        export(folder)


def export(folder: Path) -> dict[str, Any]:
    """Write model.onnx, and serving.json, which is returned: the engine that serves this version.

    Where the estimator has no ONNX, or its ONNX differs, the estimator itself is the engine.
    """
    predictor, description = store.load(folder)
    facts: dict[str, Any] = {"model_sha256": description["sha256"]}
    X = predictor.matrix(_checked_rows(folder))  # what fails here is not ONNX
    try:
        facts |= _write_onnx(folder, predictor, X)
    except ValueError as error:
        engine = type(predictor.estimator).__module__.partition(".")[0]
        log("export", f"version {folder.name} is served by {engine}: {error}")
        facts |= {"engine": engine, "reason": str(error)}
    write_json(folder / FACTS, facts)
    return facts


def _write_onnx(folder: Path, predictor: Predictor, X: Matrix) -> dict[str, Any]:
    """Raises ValueError where there is no ONNX, or one that differs."""
    estimator = predictor.estimator
    content, codes = _converted(estimator, X), getattr(estimator, "classes_", None)
    converted = replace(predictor, estimator=OnnxEstimator(content, codes))
    # In the target's own unit: turning a transformed target back can enlarge a difference.
    found, expected = (_outputs(one.predict_matrix(X)) for one in (converted, predictor))
    difference = float(np.max(np.abs(found - expected) / np.maximum(np.abs(expected), 1)))
    if not difference <= TOLERANCE:  # skl2onnx misreads splits by category without an error
        raise ValueError(f"its ONNX differs by {difference:.1e} from it, above {TOLERANCE:g}")
    with replacing(folder / ONNX) as temporary:
        temporary.write_bytes(content)
    n_rows = X.shape[0]
    log("export", f"{ONNX} of version {folder.name} differs by {difference:.1e} on {n_rows} rows")
    return {
        "engine": ONNXRUNTIME,
        "reason": None,
        "max_difference": difference,
        "codes": None if codes is None else codes.tolist(),
        "onnx_sha256": sha256_of_file(folder / ONNX),
    }


def _outputs(predicted: Predictions) -> Array:
    return predicted.y_pred if predicted.y_score is None else predicted.y_score


def _converted(estimator: Any, X: Matrix) -> bytes:
    """By the estimator's own `to_onnx(X)` where it has one, else by skl2onnx."""
    if not isinstance(X, np.ndarray) and not hasattr(estimator, "to_onnx"):
        raise ValueError("its rows are sparse, which ONNX would need whole")
    options = {id(estimator): {"zipmap": False}} if hasattr(estimator, "classes_") else None
    try:
        if hasattr(estimator, "to_onnx"):
            return bytes(estimator.to_onnx(X[:2]))
        import skl2onnx

        model = skl2onnx.to_onnx(estimator, X[:1], target_opset=OPSET, options=options)
    except Exception as error:  # each converter raises errors of its own
        reason = str(error).partition("\n")[0]
        raise ValueError(f"no ONNX of {type(estimator).__name__}: {reason}") from error
    return bytes(model.SerializeToString())


def _checked_rows(folder: Path) -> pl.DataFrame:
    """The registered rows, and rows that mix their cells, which reach more leaves of trees."""
    rows = pl.read_parquet(folder / BACKGROUND).drop(ROW)
    mixed = [
        cells.sample(N_MIXED, with_replacement=True, seed=seed)
        for seed, cells in enumerate(rows.get_columns())
    ]
    return pl.concat([rows, pl.DataFrame(mixed)])
