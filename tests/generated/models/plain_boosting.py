"""`model: boosting` beside scikit-learn's HistGradientBoosting with its own defaults, same parts.

`python plain_boosting.py PROJECT`, in the environment of a generated project: one JSON line a table
with the error of both on valid (log loss, or mean absolute error).
"""

# Our own environment has no polars.
# mypy: ignore-errors
from __future__ import annotations

import contextlib
import importlib
import io
import json
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
import polars as pl
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.metrics import log_loss, mean_absolute_error

sys.path.insert(0, str(Path(__file__).parents[3]))
from tests.generated.own_data import runner, tables

MADE = "stones"
TABLES = ("diabetes", "breast_cancer", "digits", "penguins", MADE)


def stones():
    """20,000 prices that depend on a size, three graded categories, and their interplay."""
    random, n_rows = np.random.default_rng(0), 20_000
    carat, cut = random.lognormal(-0.4, 0.5, n_rows), random.integers(0, 5, n_rows)
    color, shop = random.integers(0, 7, n_rows), random.integers(0, 60, n_rows)
    effect = random.normal(0, 0.2, 60)[shop] - 0.08 * color * carat + 0.05 * cut
    price = 4000 * carat**1.7 * np.exp(effect + random.normal(0, 0.1, n_rows))
    columns = {"carat": carat.round(2), "cut": cut, "color": color, "shop": shop}
    texts = {
        name: [f"{name} {code}" for code in columns[name]] for name in ("cut", "color", "shop")
    }
    rows = pl.DataFrame(columns | texts | {"answer": price.round()}).cast(pl.String)
    return tables.Table(rows, "regression", "answer")


def ours(main, project, table, root):
    """The error on valid of a run in `root`."""
    shutil.copytree(project / "conf", root / "conf")
    table.rows.write_csv(root / "rows.csv")
    metric = "mae" if table.task == "regression" else "log_loss"
    lines = {"metric": metric, "class_weight": "null", "model": "boosting"}
    runner.write_conf(root / "conf" / "default.yaml", table, lines)
    with contextlib.chdir(root), contextlib.redirect_stdout(io.StringIO()):
        assert main.main(["train"]) == 0
    record = json.loads(next(root.glob("logs/*/run.json")).read_text("utf-8"))
    return record["metrics"]["valid"][metric]["value"]


def plain(table, root):
    """The error of scikit-learn's own defaults, with codes for categories."""
    manifest = json.loads((root / "data" / "manifest.json").read_text("utf-8"))
    train, valid = (pl.read_parquet(root / f"data/{n}/part-0.parquet") for n in ("train", "valid"))
    names, both = manifest["features"], pl.concat([train, valid])
    texts = [name for name in names if both[name].dtype == pl.String]
    codes = [pl.col(name).rank("dense").cast(pl.Float64) for name in texts]
    matrix = both.select(names).with_columns(codes).cast(pl.Float64).to_numpy()
    y, n_train = both[table.target].to_numpy(), len(train)
    kind = {"regression": HistGradientBoostingRegressor}
    model = kind.get(table.task, HistGradientBoostingClassifier)(
        random_state=0, categorical_features=[names.index(name) for name in texts]
    )
    model.fit(matrix[:n_train], y[:n_train])
    if table.task == "regression":
        return mean_absolute_error(y[n_train:], model.predict(matrix[n_train:]))
    score = model.predict_proba(matrix[n_train:])
    return log_loss(y[n_train:], score, labels=model.classes_)


if __name__ == "__main__":
    here = Path(sys.argv[1])
    (package,) = (path.parent.name for path in (here / "src").glob("*/__init__.py"))
    sys.path.insert(0, str(here / "src"))
    entry = importlib.import_module(f"{package}.main")
    for name in TABLES:
        chosen = stones() if name == MADE else tables.known(name)
        with tempfile.TemporaryDirectory() as folder:
            errors = {"ours": ours(entry, here, chosen, Path(folder))}
            errors["plain"] = float(plain(chosen, Path(folder)))
        print(json.dumps({"table": name, **errors}), flush=True)
