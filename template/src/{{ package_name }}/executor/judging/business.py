"""What the answers are worth on test, in the unit of conf/business.yaml, beside the baseline's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...configs.business import PATH, Business, load_business
from ..cases import MISSES, Case

if TYPE_CHECKING:
    from ...evaluation.rows import Rows
    from ...evaluation.settings import Settings
    from ...evaluation.understanding.business import Worth


def judge(case: Case) -> dict[str, Any]:
    """total and per_1000 of model and baseline; of two classes the threshold that valid prefers."""
    business, classes = load_business(case.root), case.problem.classes
    if not business.is_said(case.problem.config.task):
        return {
            "is_said": False,
            "sentence": f"nobody has said what an error costs; say it in {PATH}",
            "classes": classes,
        }
    business.check_labels(classes or [])
    return {"is_said": True, "unit": business.unit, "said_by": business.said_by} | _worth(
        case, business
    )


def _worth(case: Case, business: Business) -> dict[str, Any]:
    from ...evaluation.understanding import business as of

    settings = _settings(case)
    name = case.run.record["baseline"]["name"]
    simple, _ = case.problem.fit(name, case.fitted_on)
    test, guessed = _rows(case, case.model, case.test), _rows(case, simple, case.test)
    worth = _of(business, test)
    by_model, by_baseline = worth.of(test), worth.of(guessed)
    gain = of.per_1000(by_model - by_baseline, settings)
    found: dict[str, Any] = {
        "model": of.summary(by_model, settings),
        "baseline": {"name": name, **of.summary(by_baseline, settings)},
        "gain": gain,
        "always": of.always(worth, test),
    }
    if len(test.classes) == 2 and test.score is not None:
        found["threshold"] = _threshold(case, worth, test, settings)
    if gain["high"] < 0:
        what = f"by {-gain['value']:,.6g} {business.unit} in 1000 rows"
        found[MISSES] = [f"business: the model is worth less than the baseline ({name}), {what}"]
    return found


def _threshold(case: Case, worth: Worth, test: Rows, settings: Settings) -> dict[str, Any]:
    """Chosen on valid alone; test only says what it is worth there."""
    from ...evaluation.understanding import business as of

    assert worth.matrix is not None
    valid = _rows(case, case.model, case.valid)
    best, curve = of.best_threshold(worth, valid)
    moved = worth.of(of.said_from(test, best))
    return {
        "positive": str(test.classes[-1]),
        "chosen_on": "valid",
        "best": best,
        "by_costs": of.threshold_of_costs(worth.matrix),
        "on_valid": [{"threshold": at, "per_1000": value} for at, value in curve],
        "on_test": of.summary(moved, settings),
        "gain_on_test": of.per_1000(moved - worth.of(test), settings),
    }


def _of(business: Business, rows: Rows) -> Worth:
    from ...evaluation.understanding.business import Worth, matrix_of

    if business.value is not None and rows.classes:
        return Worth(matrix_of(business.value, rows.classes))
    act = business.threshold
    return Worth(
        over=business.over or 0.0,
        under=business.under or 0.0,
        at=None if act is None else act.at,
        needless=0.0 if act is None else act.needless,
        missed=0.0 if act is None else act.missed,
    )


def _rows(case: Case, model: Any, table: Any) -> Rows:
    from ...evaluation.rows import rows_of

    said = case.problem.predict(model, table)
    task = case.problem.config.task
    return rows_of(task, said.y_true, said.y_pred, said.y_score, said.classes)


def _settings(case: Case) -> Settings:
    from ...evaluation.settings import Settings

    chosen = case.problem.config.evaluation
    return Settings(chosen.n_resamples, chosen.level, case.problem.config.seed)
