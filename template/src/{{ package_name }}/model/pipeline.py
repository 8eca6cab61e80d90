"""Preprocessing and estimator as one object, so that both are fitted on the same rows."""

from collections.abc import Mapping
from typing import Any

from .features import Columns

# More columns than this for one text column cost time and learn noise; the rest are one column.
MAX_CATEGORIES = 50


def build(
    name: str,
    parameters: Mapping[str, Any],
    columns: Columns,
    *,
    task: str,
    class_weight: str | None,
    seed: int,
) -> Any:
    """An unfitted scikit-learn Pipeline; `fit(X, y)` takes X as `to_X` makes it.

    name: a key of ESTIMATORS. parameters: its arguments from conf/.
    """
    from sklearn.pipeline import Pipeline

    estimator = ESTIMATORS[name](task, dict(parameters), class_weight, seed)
    return Pipeline([("features", preprocessing(columns)), ("estimator", estimator)])


def preprocessing(columns: Columns) -> Any:
    """Fill, scale and encode, each column by its kind; everything learnt comes from `fit`."""
    from sklearn.compose import ColumnTransformer

    steps: list[tuple[str, Any, list[str]]] = []
    if columns.numbers:
        steps.append(("numbers", _numbers(), list(columns.numbers)))
    if columns.truths:
        steps.append(("truths", _truths(), list(columns.truths)))
    if columns.categories:
        steps.append(("categories", _categories(), list(columns.categories)))
    if columns.dates:
        steps.append(("dates", _dates(trend=True), list(columns.dates)))
    if columns.seasons:
        steps.append(("seasons", _dates(trend=False), list(columns.seasons)))
    return ColumnTransformer(steps, n_jobs=1)


def _numbers() -> Any:
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler

    # That a value is missing can say more than the value: the indicator keeps it.
    fill = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
    return Pipeline([("fill", fill), ("scale", StandardScaler())])


def _truths() -> Any:
    from sklearn.impute import SimpleImputer

    return SimpleImputer(strategy="most_frequent", add_indicator=True, keep_empty_features=True)


def _categories() -> Any:
    from sklearn.preprocessing import OneHotEncoder

    # A text that train never saw counts as a rare one, and does not stop the prediction.
    return OneHotEncoder(
        handle_unknown="infrequent_if_exist", max_categories=MAX_CATEGORIES, sparse_output=False
    )


def _dates(*, trend: bool) -> Any:
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler

    from .dates import DateParts

    fill = SimpleImputer(strategy="median", keep_empty_features=True)
    return Pipeline([("parts", DateParts(trend)), ("fill", fill), ("scale", StandardScaler())])


def _logistic(task: str, parameters: dict[str, Any], weight: str | None, seed: int) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(**parameters, class_weight=weight, random_state=seed)


def _ridge(task: str, parameters: dict[str, Any], weight: str | None, seed: int) -> Any:
    from sklearn.linear_model import Ridge

    return Ridge(**parameters, random_state=seed)


def _forest(task: str, parameters: dict[str, Any], weight: str | None, seed: int) -> Any:
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    if task == "regression":
        return RandomForestRegressor(**parameters, random_state=seed, n_jobs=1)
    return RandomForestClassifier(**parameters, class_weight=weight, random_state=seed, n_jobs=1)


def _boosting(task: str, parameters: dict[str, Any], weight: str | None, seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    if task == "regression":
        return HistGradientBoostingRegressor(**parameters, random_state=seed)
    return HistGradientBoostingClassifier(**parameters, class_weight=weight, random_state=seed)


ESTIMATORS = {
    "logistic": _logistic,
    "ridge": _ridge,
    "forest": _forest,
    "boosting": _boosting,
}
