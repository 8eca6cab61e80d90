"""The built-in sample: real, small, and part of scikit-learn, so no network is needed."""

from dataclasses import dataclass

import polars as pl

SAMPLE = "sample"


@dataclass(frozen=True)
class Sample:
    """A sample's file name, its content as CSV, and where it is from."""

    name: str
    content: bytes
    origin: str
    licence: str


def sample(task: str, target: str) -> Sample:
    """The sample for a task; `target` becomes the name of its target column."""
    from sklearn.datasets import load_breast_cancer, load_diabetes

    if task == "classification":
        bunch = load_breast_cancer()
        labels = bunch.target_names[bunch.target].tolist()
        origin = "Wolberg, Mangasarian, Street and Street (1993), Breast Cancer Wisconsin"
        origin += " (Diagnostic), https://doi.org/10.24432/C5DW2B, as part of scikit-learn"
        return Sample("breast_cancer.csv", _as_csv(bunch, target, labels), origin, "CC BY 4.0")
    bunch = load_diabetes(scaled=False)
    origin = "Efron, Hastie, Johnstone and Tibshirani (2004), Least Angle Regression,"
    origin += " https://doi.org/10.1214/009053604000000067, as part of scikit-learn"
    content = _as_csv(bunch, target, bunch.target.tolist())
    return Sample("diabetes.csv", content, origin, "BSD-3-Clause, as part of scikit-learn")


def _as_csv(bunch: dict[str, list[str]], target: str, values: list[str | float]) -> bytes:
    names = [name.replace(" ", "_") for name in bunch["feature_names"]]
    table = pl.DataFrame(bunch["data"], schema=names)
    return table.with_columns(pl.Series(target, values)).write_csv().encode("utf-8")
