"""Where the errors on test are: weak spots, sure and wrong answers, rows nearly alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..cases import Case
from ..slicing import slices

if TYPE_CHECKING:
    import polars as pl

    from ...evaluation.rows import Floats, Rows

# Columns along which the error is drawn.
N_COLUMNS = 6
# Columns that are looked at; of a wider table these are the first by name of kind and place.
MAX_COLUMNS = 200


def judge(case: Case) -> dict[str, Any]:
    """What the error-analysis part of the report shows; no cell of the data but names of slices."""
    from ...evaluation.understanding import sure_errors, weak_spots

    config = case.problem.config
    task, level = config.task, config.evaluation.level
    rows, row_ids = _said(case)
    error = weak_spots.error_of(task, rows)
    names = list(case.problem.columns.names)[:MAX_COLUMNS]
    columns = slices(case.test, case.problem.contract, names)
    return {
        "error": "share of wrong labels" if task == "classification" else "mean absolute error",
        "weak_spots": weak_spots.weak_spots(task, error, columns, level=level, seed=config.seed),
        "along": weak_spots.by_part(task, error, columns, level=level, n_columns=N_COLUMNS),
        "sure": sure_errors.sure_errors(task, rows, row_ids),
        "near": _near(case),
    }


def _said(case: Case) -> tuple[Rows, NDArray[Any]]:
    from ...evaluation.rows import rows_of

    said = case.problem.predict(case.model, case.test)
    task = case.problem.config.task
    rows = rows_of(task, said.y_true, said.y_pred, said.y_score, said.classes)
    return rows, np.asarray(said.row_ids)


def _near(case: Case) -> dict[str, Any]:
    """Rows of test beside the nearest row of train and valid, where the answers differ."""
    import polars as pl

    from ...dataloader.read import ROW
    from ...evaluation.understanding import near_rows

    known = _some(pl.concat([case.fitted_on, case.valid]), near_rows.MAX_KNOWN, case)
    asked = _some(case.test, near_rows.MAX_ROWS, case)
    target = case.problem.contract.target.name
    cells = _scaled(case, known, asked)
    answers = [_answers(case, table[target]) for table in (asked, known)]
    pairs, usual = near_rows.near_rows(cells[1], cells[0], *answers)
    return {
        "n_rows": len(asked),
        "usual_distance": usual,
        "pairs": [
            {
                "row": str(asked[ROW][one]),
                "y_true": answers[0][one].item(),
                "like_row": str(known[ROW][other]),
                "of_that": answers[1][other].item(),
                "distance": distance,
            }
            for one, other, distance in pairs
        ],
    }


def _some(table: pl.DataFrame, n_rows: int, case: Case) -> pl.DataFrame:
    if len(table) <= n_rows:
        return table
    return table.sample(n_rows, seed=case.problem.config.seed)


def _answers(case: Case, cells: pl.Series) -> NDArray[Any]:
    values = cells.to_numpy()
    return values.astype(np.float64) if case.problem.classes is None else values.astype(str)


def _scaled(case: Case, known: pl.DataFrame, asked: pl.DataFrame) -> tuple[Floats, Floats]:
    """The features filled and encoded as for a model, each scaled by its spread in known rows."""
    from ...model.pipeline import preprocessing

    steps = preprocessing(case.problem.columns)
    one = np.asarray(steps.fit_transform(case.problem.X(known)), dtype=np.float64)
    other = np.asarray(steps.transform(case.problem.X(asked)), dtype=np.float64)
    spread = one.std(axis=0)
    spread[spread == 0] = 1.0
    return one / spread, other / spread
