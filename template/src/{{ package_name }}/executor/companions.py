"""What lies beside a registered model: known answers, a constant answer, the middle of train."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import polars as pl

    from ..dataloader.contract import Column
    from .problem import Problem

N_GOLDEN = 20


def golden(problem: Problem, model: Any, rows: pl.DataFrame) -> dict[str, Any]:
    """Requests as people would send them, and what the model says on the path of training."""
    import polars as pl

    from ..dataloader.contract import conform
    from ..dataloader.read import ROW

    places = np.unique(np.linspace(0, len(rows) - 1, N_GOLDEN).astype(int)).tolist()
    features = problem.contract.features
    chosen = rows[places].to_dicts()
    requests = [{c.name: sent(row[c.name], c) for c in features} for row in chosen]
    cells = {c.name: [request[c.name] for request in requests] for c in features}
    asked = pl.DataFrame({ROW: range(1, len(requests) + 1), **cells}, strict=False)
    typed = conform(asked, problem.contract, "golden rows")
    return {"requests": requests, "answers": _answers(problem, model, typed)}


def fallback(problem: Problem, fitted_on: pl.DataFrame) -> dict[str, Any]:
    """What to say when no model can: the task's constant baseline."""
    from ..model.baseline import CONSTANT

    name = CONSTANT[problem.config.task]
    guess, _ = problem.fit(name, fitted_on)
    return {"name": name, **_answers(problem, guess, fitted_on[:1])[0]}


def reference(problem: Problem, fitted_on: pl.DataFrame) -> dict[str, Any]:
    """Medians and commonest texts of train, in the order of a Scorer's columns."""
    from ..model.scorer import numeric_names

    X = problem.X(fitted_on)
    medians = [X[name].drop_nans().median() for name in numeric_names(problem.columns)]
    texts = [X[name].mode().sort()[0] for name in problem.columns.categories]
    return {"numbers": medians, "texts": texts}


def _answers(problem: Problem, model: Any, typed: pl.DataFrame) -> list[dict[str, Any]]:
    from ..model.answers import answer

    y_pred, y_score = answer(model, problem.X(typed), problem.classes)
    chances: list[dict[str, float] | None] = [None] * len(y_pred)
    if y_score is not None and problem.classes is not None:
        chances = [dict(zip(problem.classes, one, strict=True)) for one in y_score.tolist()]
    said = zip(y_pred.tolist(), chances, strict=True)
    return [{"prediction": one, "probabilities": chance} for one, chance in said]


def sent(value: Any, column: Column) -> Any:
    """A typed cell as JSON holds it, dates written as the column writes them."""
    if isinstance(value, datetime):
        return value.strftime(_plain(column.format)) if column.format else value.isoformat()
    return value


def _plain(form: str) -> str:
    """A format of polars as Python's own function knows it."""
    return form.replace("%.f", "").replace("%#z", "Z")
