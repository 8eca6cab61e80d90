"""What a study found, as reports/study.json, as a page, as conf/tuned.yaml and in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..configs.load import load
from ..configs.project import DEFAULT, TUNED
from ..configs.schema import Config
from ..utils.files import write_text
from . import scoring, studies, weighing
from .trials import Hunt, replaced, short

if TYPE_CHECKING:
    from optuna import Study
    from optuna.trial import FrozenTrial


def summary(hunt: Hunt, study: Study) -> dict[str, Any]:
    """What reports/study.json holds, without the verdict."""
    config, done = hunt.problem.config, studies.counted(study)
    states = Counter(trial.state.name.lower() for trial in done)
    best = study.best_trial
    return {
        "study": hunt.name,
        "model": config.model,
        "metric": config.metric,
        "higher_is_better": study.direction.name == "MAXIMIZE",
        "n_trials": len(done),
        "trials": dict(states),
        "seconds": round(studies.seconds_of(hunt.root, done), 1),
        "budget": hunt.search.budget.model_dump(),
        "sampler": hunt.search.sampler.model_dump(),
        "pruning": hunt.search.pruning,
        "scored_on": hunt.scored_on,
        "space": {
            name: one.model_dump(mode="json", exclude_defaults=True)
            for name, one in hunt.space.items()
        },
        "first": {"parameters": hunt.first, "value": _value_of(hunt.first, done)},
        "best": {
            "trial": [one.number for one in done].index(best.number) + 1,
            "run": best.user_attrs.get(studies.RUN),
            "parameters": best.params,
            "value": best.value,
        },
        "data": hunt.data,
    }


def _value_of(parameters: Mapping[str, Any], done: list[FrozenTrial]) -> float | None:
    """The value of the trial that had these parameters."""
    return next((trial.value for trial in done if trial.params == parameters), None)


def best_of(hunt: Hunt, found: Mapping[str, Any]) -> Config:
    """The configuration of the best trial."""
    return replaced(hunt.problem.config, found["best"]["parameters"])


def in_words(found: Mapping[str, Any]) -> str:
    """The best trial in one line."""
    best = found["best"]
    said = " ".join(f"{name}={short(value)}" for name, value in best["parameters"].items())
    value = f"{scoring.in_words(found['metric'])} {scoring.number(best['value'])}"
    return f"trial {best['trial']}: {said}; {value} on {found['scored_on']}"


def verdict(found: Mapping[str, Any], *, was_written: bool) -> str:
    """Whether the best is better beyond chance, and what becomes of it."""
    weighed = found["gain"]
    by = f"{scoring.interval(weighed)} on {weighed['on']}"
    if weighed["fresh"]:
        by += f", {scoring.interval(weighed['fresh'])} on valid"
    is_better = weighing.is_better(weighed)
    if is_better:
        said = f"better than {weighed['over']} by {by}"
    elif found["best"]["parameters"] == found["first"]["parameters"]:
        said = f"nothing better than {weighed['over']} was found"
    else:
        said = f"not better than {weighed['over']} beyond chance: by {by}"
    if was_written:
        return f"{said}; {TUNED} holds it already"
    if found["written"]:
        return f"{said}; {'written' if is_better else 'accepted, and written'} to {TUNED}"
    return f"{said}; {TUNED} is not written (--accept writes it)"


def about(hunt: Hunt, found: Mapping[str, Any], said: str) -> list[str]:
    """The head of conf/tuned.yaml."""
    best = found["best"]
    today = datetime.now(UTC).date().isoformat()
    return [
        f"From study {hunt.name} of {today}: trial {best['trial']} (run {best['run']}),",
        f"the best of {found['n_trials']} by {scoring.in_words(found['metric'])} on "
        f"{found['scored_on']}; see reports/study.json.",
        f"{said[0].upper()}{said[1:]}.",
    ]


def values(hunt: Hunt, best: Config) -> dict[str, Any]:
    """What conf/tuned.yaml says: the searched parameters, and what else is not the default's."""
    default = load(hunt.root, DEFAULT, Config).model_dump(mode="json")
    content = best.model_dump(mode="json")
    found = {key: content[key] for key in ("seed", "model") if content[key] != default[key]}
    if content["train"] != default["train"]:
        found["train"] = content["train"]
    before, after = (part["models"][best.model] for part in (default, content))
    section = {key: after[key] for key in after if key in hunt.space or after[key] != before[key]}
    return {**found, "models": {best.model: section}}


def write_page(hunt: Hunt, study: Study, found: Mapping[str, Any], said: str) -> Path:
    """The page with all trials, beside the journal; its path below the project's root."""
    from ..evaluation.report import whole
    from ..evaluation.study_page import parts

    trials = [
        {
            "trial": count,
            "run": trial.user_attrs.get(studies.RUN),
            "state": trial.state.name.lower(),
            "value": trial.value if trial.state.name == "COMPLETE" else None,
            "parameters": trial.params,
        }
        for count, trial in enumerate(studies.counted(study), start=1)
    ]
    path = studies.STUDIES / f"{hunt.name}.html"
    write_text(hunt.root / path, whole(f"study {hunt.name}", parts(found, trials, said)))
    return path
