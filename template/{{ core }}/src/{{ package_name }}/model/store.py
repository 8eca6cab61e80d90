"""Save and load a fitted model without pickle, which would run code on loading."""

import importlib
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

from ..utils.files import read_json, replacing, sha256_of_file, write_json
from .estimators import ESTIMATORS
from .predictor import Predictor
from .preprocess import Preprocessor
from .target import TargetTransform

MODEL = "model.skops"  # the estimator
BASELINE = "baseline.skops"  # the best baseline, with its preprocessing
DESCRIPTION = "model.json"  # the preprocessing, and what is needed to use both


def save(folder: Path, model: Predictor, description: dict[str, Any]) -> dict[str, Any]:
    """Write the model and its description; returns file, sha256 and size_bytes."""
    path = folder / MODEL
    with replacing(path) as temporary:
        _skops().dump(model.estimator, temporary)
    facts = {"file": MODEL, "sha256": sha256_of_file(path), "size_bytes": path.stat().st_size}
    fitted = {
        "columns": list(model.columns),
        "classes": list(model.classes) if model.classes is not None else None,
        "preprocessing": model.preprocessor.to_json(),
        "target_transform": asdict(model.target) if model.target else None,
    }
    write_json(folder / DESCRIPTION, facts | description | fitted)
    return facts


def load(folder: Path) -> tuple[Predictor, dict[str, Any]]:
    """The model and its description; raises ValueError if a file is missing, changed or unsafe."""
    description = read_description(folder)
    name = description["model"]
    estimator = _load(folder / MODEL, name, _trusted(name))
    return described(description, estimator), description


def save_baseline(folder: Path, baseline: Predictor) -> None:
    """Write the baseline that `evaluate` compares with."""
    with replacing(folder / BASELINE) as temporary:
        _skops().dump(baseline, temporary)


def load_baseline(folder: Path) -> Predictor:
    """What `save_baseline` wrote; raises ValueError if it is missing or unsafe."""
    if not (folder / BASELINE).is_file():
        raise ValueError(f"{folder / BASELINE}: no such file; run `train` again")
    own = {"sklearn", "numpy", __name__.partition(".")[0]}
    return cast(Predictor, _load(folder / BASELINE, "a baseline", own))


def _load(path: Path, name: str, trusted: set[str]) -> Any:
    """The content of a skops file. trusted: names of types, or of packages that define them."""
    found = _skops().get_untrusted_types(file=path)
    if odd := [one for one in found if not {one, one.partition(".")[0]} & trusted]:
        raise ValueError(
            f"{path}: holds {', '.join(sorted(odd))}, which {name} does not need; "
            f"train again, or name it as `trusted` of the model in model/estimators.py"
        )
    return _skops().load(path, trusted=found)


def described(description: dict[str, Any], estimator: Any) -> Predictor:
    """The model of a description; the estimator may be the saved one, or its ONNX."""
    preprocessor = Preprocessor.from_json(description["preprocessing"])
    classes = None if description["classes"] is None else tuple(description["classes"])
    transform = description.get("target_transform")
    target = TargetTransform(**transform) if transform else None
    return Predictor(tuple(description["columns"]), classes, preprocessor, estimator, target)


def read_description(folder: Path) -> dict[str, Any]:
    """The description alone; raises ValueError unless the model file is the one it describes."""
    for path in (folder / MODEL, folder / DESCRIPTION):
        if not path.is_file():
            raise ValueError(f"{path}: no such file; run `train` again")
    description = dict(read_json(folder / DESCRIPTION))
    if sha256_of_file(folder / MODEL) != description["sha256"]:
        raise ValueError(f"{folder / MODEL}: not the file that `train` wrote; train again")
    return description


def _trusted(model: str) -> set[str]:
    """The packages that define the estimator, and the types that it names as `trusted`."""
    if model not in ESTIMATORS:
        return set()
    chosen = ESTIMATORS[model]
    built = chosen.build(chosen.tasks[0], dict(chosen.defaults), None, 0)
    packages = {base.__module__.partition(".")[0] for base in type(built).__mro__}
    own = __name__.partition(".")[0]
    return packages - {"builtins", "abc", "typing"} | {"numpy", own, *chosen.trusted}


def _skops() -> Any:
    """`skops.io`, imported without listing all of scikit-learn and scipy.

    On import skops imports every estimator, and every function of scipy.special, to trust them
    unasked; that takes as long as a short training. Here the trusted types are named instead.
    """
    if "skops.io" in sys.modules:
        return sys.modules["skops.io"]
    import sklearn.utils

    special: Any = importlib.import_module("scipy.special")
    every = sklearn.utils.all_estimators
    sklearn.utils.all_estimators = special.__dir__ = list
    try:
        return importlib.import_module("skops.io")
    finally:
        sklearn.utils.all_estimators = every
        del special.__dir__
