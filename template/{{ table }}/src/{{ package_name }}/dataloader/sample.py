"""The built-in sample: real, small, and part of scikit-learn, so no network is needed."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

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
    return _breast_cancer(target) if task == "classification" else _diabetes(target)


def _breast_cancer(target: str) -> Sample:
    from sklearn.datasets import load_breast_cancer

    bunch = load_breast_cancer()
    labels = [str(bunch.target_names[code]) for code in bunch.target]
    return Sample(
        "breast_cancer.csv",
        _as_csv([*bunch.feature_names, target], bunch.data.tolist(), labels),
        "Wolberg, Mangasarian, Street and Street (1993), Breast Cancer Wisconsin (Diagnostic), "
        "https://doi.org/10.24432/C5DW2B, as part of scikit-learn",
        "CC BY 4.0",
    )


def _diabetes(target: str) -> Sample:
    from sklearn.datasets import load_diabetes

    bunch = load_diabetes(scaled=False)
    return Sample(
        "diabetes.csv",
        _as_csv([*bunch.feature_names, target], bunch.data.tolist(), bunch.target.tolist()),
        "Efron, Hastie, Johnstone and Tibshirani (2004), Least Angle Regression, "
        "https://doi.org/10.1214/009053604000000067, as part of scikit-learn",
        "BSD-3-Clause, as part of scikit-learn",
    )


def _as_csv(names: list[str], rows: list[list[float]], target: Sequence[str | float]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(name.replace(" ", "_") for name in names)
    writer.writerows([*row, value] for row, value in zip(rows, target, strict=True))
    return text.getvalue().encode("utf-8")
