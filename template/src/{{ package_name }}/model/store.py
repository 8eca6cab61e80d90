"""Save and load a model without pickle, which would run code on loading."""

import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from ..utils.files import read_json, replacing, sha256_of_file, write_json

MODEL = "model.skops"
DESCRIPTION = "model.json"

# Everything that a model of ours consists of; a file with anything else is not loaded.
TRUSTED = frozenset(
    {
        # By name: who answers with ONNX reads descriptions here, and needs no scikit-learn.
        f"{__package__}.dates.DateParts",
        "numpy.dtype",
        "sklearn.compose._column_transformer.ColumnTransformer",
        "sklearn.ensemble._forest.RandomForestClassifier",
        "sklearn.ensemble._forest.RandomForestRegressor",
        "sklearn.ensemble._hist_gradient_boosting.gradient_boosting.HistGradientBoostingClassifier",
        "sklearn.ensemble._hist_gradient_boosting.gradient_boosting.HistGradientBoostingRegressor",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.impute._base.MissingIndicator",
        "sklearn.impute._base.SimpleImputer",
        "sklearn.linear_model._logistic.LogisticRegression",
        "sklearn.linear_model._ridge.Ridge",
        "sklearn.pipeline.Pipeline",
        "sklearn.preprocessing._data.StandardScaler",
        "sklearn.preprocessing._encoders.OneHotEncoder",
        "sklearn.preprocessing._label.LabelEncoder",
        "sklearn.tree._classes.DecisionTreeClassifier",
        "sklearn.tree._classes.DecisionTreeRegressor",
        "sklearn.tree._tree.Tree",
    }
)


def save(folder: Path, model: Any, description: dict[str, Any]) -> dict[str, Any]:
    """Write the model and what is needed to use it; returns file, sha256 and size_bytes."""
    path = folder / MODEL
    with replacing(path) as temporary:
        _skops().dump(model, temporary)
    facts = {
        "file": MODEL,
        "sha256": sha256_of_file(path),
        "size_bytes": path.stat().st_size,
    }
    write_json(folder / DESCRIPTION, facts | description)
    return facts


def load(folder: Path) -> tuple[Any, dict[str, Any]]:
    """The model and its description.

    Raises ValueError if a file is missing, is not the one that was saved, or holds a type that no
    model of ours holds.
    """
    for path in (folder / MODEL, folder / DESCRIPTION):
        if not path.is_file():
            raise ValueError(f"{path}: no such file; only {MODEL} files of `train` are loaded")
    description = dict(read_json(folder / DESCRIPTION))
    digest = sha256_of_file(folder / MODEL)
    if digest != description["sha256"]:
        raise ValueError(
            f"{folder / MODEL}: not the file that `train` wrote (sha256 {digest[:12]}, expected "
            f"{description['sha256'][:12]}); train again"
        )
    skops = _skops()
    found = skops.get_untrusted_types(file=folder / MODEL)
    if odd := sorted(set(found) - TRUSTED):
        raise ValueError(
            f"{folder / MODEL}: holds {', '.join(odd)}, which no model of ours "
            f"holds; if yours does, name it in TRUSTED of model/store.py"
        )
    return skops.load(folder / MODEL, trusted=found), description


def _skops() -> ModuleType:
    """`skops.io`, imported without the names of all that it would trust unasked.

    On import skops lists every estimator of scikit-learn, which imports the whole of it, and looks
    for each function of scipy.special in every module there is. Together that takes as long as the
    rest of a short training. We name what we trust.
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
