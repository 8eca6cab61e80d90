"""The model beside the champion, on the same rows of test: better, worse, or could be chance?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .. import scoring
from ..cases import Case

if TYPE_CHECKING:
    from ...evaluation.predictions import Predictions
    from ...model.registry import Entry
    from ...model.scorer import Scorer

# An answer moved where a number moved by more than this share of the spread of the truth.
MOVED = 0.1


def judge(case: Case) -> dict[str, Any] | None:
    """The paired difference to the champion, above 0 where this model is better.

    Nothing while there is no champion. `why_not` where the two cannot be compared.
    """
    from ...model import registry

    if registry.CHAMPION not in registry.aliases(case.root):
        return None
    version = registry.aliases(case.root)[registry.CHAMPION]
    try:
        entry = registry.find(case.root)
    except ValueError as error:
        return {"version": version, "why_not": str(error)}
    about = {"version": entry.version, "run": entry.facts["run"], "model": entry.facts["model"]}
    if entry.facts["run"] == case.run.record["run"]:
        return None  # it cannot be weighed against itself
    why_not = _why_not(case, entry)
    return about | ({"why_not": why_not} if why_not else _weighed(case, _scorer(entry)))


def _why_not(case: Case, entry: Entry) -> str | None:
    """What makes a comparison unfair or impossible."""
    if tampered := entry.tampered():
        return tampered[0]
    problem, said = case.problem, entry.facts
    if (said["task"], said["target"]) != (problem.config.task, problem.contract.target.name):
        return f"it predicts {said['target']} ({said['task']})"
    if said["classes"] != problem.classes:
        return f"its classes are {', '.join(said['classes'] or ())}"
    split = problem.config.data.split.model_dump(mode="json")
    if said["split"] != split:
        return "its data was split in another way, so it may have learnt from these rows"
    return _unfit(case, _scorer(entry))


def _unfit(case: Case, scorer: Scorer) -> str | None:
    kinds = {column.name: column.kind for column in case.problem.contract.columns}
    for column in scorer.description["contract"]["columns"]:
        name, kind = column["name"], column["kind"]
        if name not in scorer.columns.names or kinds.get(name) == kind:
            continue
        now = f"is {kinds[name]} now" if name in kinds else "is not there any more"
        return f"it was trained with the column '{name}' ({kind}), which {now}"
    return None


def _scorer(entry: Entry) -> Scorer:
    from ...model.scorer import Scorer

    return Scorer.load(entry.folder)


def _weighed(case: Case, scorer: Scorer) -> dict[str, Any]:
    config, problem = case.problem.config, case.problem
    new = problem.predict(case.model, case.test)
    old = _predictions(case, scorer, new)
    return {
        "metric": config.metric,
        "n_rows": len(case.test),
        "same_data": case.run.record["data"] == scorer.description["data"],
        "difference": scoring.difference(config, new, old),
        "share_changed": _share_changed(new, old),
    }


def _predictions(case: Case, scorer: Scorer, new: Predictions) -> Predictions:
    """What the champion says about the rows that the new model predicted."""
    from dataclasses import replace

    from ...model.features import to_X

    said = scorer.score_table(to_X(case.test, scorer.columns))
    return replace(new, y_pred=said.y_pred, y_score=said.y_score)


def _share_changed(new: Predictions, old: Predictions) -> float:
    """Share of rows that would get another answer: another label, or a number that moved."""
    if new.classes is not None:
        return float(np.mean(new.y_pred != old.y_pred))
    moved = np.abs(new.y_pred - old.y_pred) > MOVED * np.std(new.y_true)
    return float(np.mean(moved))
