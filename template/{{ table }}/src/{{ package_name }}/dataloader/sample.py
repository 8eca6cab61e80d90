"""The built-in sample: real, small, and part of scikit-learn, so no network is needed."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from ..configs.settings import Config, Data
from ..utils.files import replacing
from ..utils.logs import log
from .sources import ORIGINAL

SAMPLE = "sample"


@dataclass(frozen=True)
class Sample:
    """A sample's file name, its content as CSV, and where it is from."""

    name: str
    content: bytes
    origin: str
    licence: str


def with_sample(config: Config, root: Path, replace: bool) -> Data:
    """The data settings; where they name the sample, its file is written and its origin filled.

    A file of its name that is there already is kept, and named where it is not the sample.
    replace: of the kinds of data that have files beside the table.
    """
    data = config.data
    if data.file != SAMPLE:
        return data
    found = sample(config.task, data.target)
    file, origin = (ORIGINAL / found.name).as_posix(), found.origin
    if not (root / file).is_file():
        with replacing(root / file) as temporary:
            temporary.write_bytes(found.content)
    elif (root / file).read_bytes() != found.content:
        log("sample", f"{file} differs from the sample and is kept; to have that back, delete it")
        origin = f"changed here; before that {origin}"
    origin, licence = data.origin or origin, data.licence or found.licence
    return data.model_copy(update={"file": file, "origin": origin, "licence": licence})


def sample(task: str, target: str) -> Sample:
    """The sample for a task; `target` becomes the name of its target column."""
    from sklearn.datasets import load_breast_cancer, load_diabetes

    if task == "classification":
        bunch, name = load_breast_cancer(), "breast_cancer.csv"
        values = bunch["target_names"][bunch["target"]].tolist()
        origin = "Wolberg, Mangasarian, Street and Street (1993), Breast Cancer Wisconsin"
        origin += " (Diagnostic), https://doi.org/10.24432/C5DW2B, as part of scikit-learn"
        licence = "CC BY 4.0"
    else:
        bunch, name = load_diabetes(scaled=False), "diabetes.csv"
        values = bunch["target"].tolist()
        origin = "Efron, Hastie, Johnstone and Tibshirani (2004), Least Angle Regression,"
        origin += " https://doi.org/10.1214/009053604000000067, as part of scikit-learn"
        licence = "BSD-3-Clause, as part of scikit-learn"
    names = [feature.replace(" ", "_") for feature in bunch["feature_names"]]
    table = pl.DataFrame(bunch["data"], schema=names).with_columns(pl.Series(target, values))
    return Sample(name, table.write_csv().encode("utf-8"), origin, licence)
