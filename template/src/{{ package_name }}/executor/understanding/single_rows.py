"""Single predictions, told feature by feature: for an expert to find strange."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from ...evaluation.predictions import Predictions
    from .subject import Subject

N_ROWS = 10
N_WORST = 3
# Of each row; the others are added up.
N_SHOWN = 8


def explained(subject: Subject, rows: pl.DataFrame) -> list[dict[str, Any]]:
    """One entry a row: what was said, and what each value contributed to it.

    The values are left out, so that a report may go where the data may not.
    """
    entries = _explained(subject, rows)
    for entry in entries:
        for one in entry["contributions"]:
            del one["value"]
    return entries


def with_values(subject: Subject, numbers: Sequence[int]) -> list[dict[str, Any]]:
    """The same for rows of train or valid by their number in the file, with their values."""
    import polars as pl

    from ...dataloader.read import ROW

    known = pl.concat([subject.fitted_on, subject.valid])
    if odd := sorted(set(numbers) - set(known[ROW].to_list())):
        raise ValueError(
            f"command line: --row {odd[0]}: neither train nor valid holds that row; the third part "
            f"is opened by `evaluate` alone"
        )
    wanted = pl.DataFrame({ROW: list(numbers)}, schema={ROW: known.schema[ROW]})
    return _explained(subject, wanted.join(known, on=ROW, how="left", maintain_order="left"))


def _explained(subject: Subject, rows: pl.DataFrame) -> list[dict[str, Any]]:
    from ...model import contributions
    from ...model.scorer import Scorer, matrices

    problem, scorer = subject.problem, Scorer.load(subject.run.folder)
    reference = contributions.reference_of(problem.X(subject.fitted_on), problem.columns)
    said = problem.predict(subject.model, rows)
    numbers, texts = matrices(problem.X(rows), problem.columns)
    return [
        _entry(said, place, contributions.explain(scorer, numbers[place], texts[place], reference))
        for place in range(len(rows))
    ]


def worth_a_look(subject: Subject) -> pl.DataFrame:
    """Ten rows of valid: the three worst, and others spread evenly over what was said."""
    said = subject.problem.predict(subject.model, subject.valid)
    badness, strength = _badness(said), _strength(said)
    worst = np.argsort(-badness, kind="stable")[:N_WORST]
    order = np.argsort(strength, kind="stable")
    others = order[~np.isin(order, worst)]
    n_others = min(N_ROWS - len(worst), len(others))
    even = others[np.linspace(0, len(others) - 1, n_others).round().astype(int)]
    return subject.valid[np.concatenate([worst, even])]


def _badness(said: Predictions) -> Any:
    if said.classes is None:
        return np.abs(said.y_pred - said.y_true)
    wrong = (said.y_pred != said.y_true).astype(np.float64)
    return wrong if said.y_score is None else wrong * said.y_score.max(axis=1)


def _strength(said: Predictions) -> Any:
    """By what rows are spread: the number said, or the probability of the last class."""
    if said.classes is None or said.y_score is None:
        return np.asarray(np.unique(said.y_pred, return_inverse=True)[1], dtype=np.float64)
    return said.y_score[:, -1]


def _entry(said: Predictions, place: int, found: dict[str, Any]) -> dict[str, Any]:
    listed = found["contributions"]
    plain = str if said.classes is not None else float
    return {
        "row": str(said.row_ids[place]),
        "y_true": plain(said.y_true[place]),
        "y_pred": plain(said.y_pred[place]),
        "class": found["class"],
        "unit": found["unit"],
        "prediction": found["prediction"],
        "reference": found["reference"],
        "contributions": listed[:N_SHOWN],
        "others": sum(one["contribution"] for one in listed[N_SHOWN:]),
    }
