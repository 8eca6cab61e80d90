"""The trials of a search: each one a run in logs/, which keeps no model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..configs.schema import Config
from ..configs.search import Parameter, Search
from ..utils import runs
from ..utils.errors import DoesNotHold
from ..utils.logs import say
from ..utils.seeds import repeatable
from . import folding, scoring, studies, tracking
from .drawing import next_trial

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl
    from optuna import Study, Trial

    from ..dataloader.folds import Fold
    from ..evaluation.predictions import Predictions
    from .problem import Problem


@dataclass(frozen=True)
class Hunt:
    """A search: its name, the problem with the parameters to begin with, and the rows it scores.

    folds: of train; empty where trials are scored on valid.
    """

    root: Path
    name: str
    search: Search
    problem: Problem
    fitted_on: pl.DataFrame
    valid: pl.DataFrame
    folds: Sequence[Fold]
    data: dict[str, str]

    @property
    def space(self) -> Mapping[str, Parameter]:
        """The space of the model that is tuned."""
        return self.search.space[self.problem.config.model]

    @property
    def first(self) -> dict[str, Any]:
        """The parameters to begin with, those of the space only."""
        known = self.problem.parameters(self.problem.config.model)
        return {name: known[name] for name in self.space}

    @property
    def scored_on(self) -> str:
        """Which rows a trial is scored on."""
        return f"{len(self.folds)} folds of train" if self.folds else "valid"


def replaced(config: Config, parameters: Mapping[str, Any]) -> Config:
    """The configuration with other parameters of the model it names."""
    content = config.model_dump()
    content["models"][config.model] |= parameters
    return Config.model_validate(content)


def search_on(hunt: Hunt, study: Study) -> None:
    """Run trials until the budget is spent. Raises what a trial raises while none has succeeded."""
    budget = hunt.search.budget
    done = studies.counted(study)
    spent = studies.seconds_of(hunt.root, done)
    n_done = len(done)
    while n_done < budget.n_trials and (budget.seconds is None or spent < budget.seconds):
        model = hunt.problem.config.model
        n_done += 1
        drawn = next_trial(study, model, hunt.space, hunt.search, hunt.first)
        if drawn is None:
            say("", f"{n_done - 1} of {budget.n_trials} trials: the space holds no more settings")
            return
        spent += float(_one(hunt, study, n_done, *drawn)["seconds"])
    if n_done < budget.n_trials:
        say("", f"{n_done} of {budget.n_trials} trials: budget.seconds is spent")


def _one(
    hunt: Hunt, study: Study, count: int, trial: Trial, parameters: dict[str, Any]
) -> dict[str, Any]:
    """The record of one trial, the count-th that counts."""
    config = replaced(hunt.problem.config, parameters)
    content = config.model_dump(mode="json")
    try:
        with runs.recorded(hunt.root, studies.COMMAND, content, config.seed) as run:
            trial.set_user_attr(studies.RUN, run.folder.name)
            run.note(study=hunt.name, trial=count, parameters=parameters, data=hunt.data)
            with repeatable(config.seed):
                _score(hunt, config, trial, run)
            _tell(run.record)
    except (ValueError, ArithmeticError, DoesNotHold) as error:
        _fail(study, trial, error)
    else:
        studies.tell(study, trial.number, run.record)
        tracking.track(hunt.root, run)
    return run.record


def _score(hunt: Hunt, config: Config, trial: Trial, run: runs.Run) -> None:
    problem = _problem(hunt, config)
    told: list[Predictions] = []
    if not hunt.folds:
        model, _ = problem.fit(config.model, hunt.fitted_on)
        told.append(problem.predict(model, hunt.valid))
    for said in folding.told_by_fold(problem, config.model, hunt.fitted_on, hunt.folds):
        told.append(said)
        if hunt.search.pruning == "none":
            continue
        trial.report(folding.pooled(problem, told), step=len(told))
        if len(told) < len(hunt.folds) and trial.should_prune():
            run.note(pruned=True, value=None)
            return
    scores = scoring.with_intervals(config, folding.joined(told))
    part = "folds" if hunt.folds else "valid"
    run.note(pruned=False, value=scores[config.metric]["value"], metrics={part: scores})


def _problem(hunt: Hunt, config: Config) -> Problem:
    from dataclasses import replace

    return replace(hunt.problem, config=config)


def _fail(study: Study, trial: Trial, error: Exception) -> None:
    """A trial that cannot be counts as well; but where none could be, nothing is searched."""
    from optuna.trial import TrialState

    trial.set_user_attr(studies.ERROR, f"{type(error).__name__}: {error}")
    study.tell(trial, state=TrialState.FAIL)
    say("", f"trial failed: {error}")
    if not any(one.state == TrialState.COMPLETE for one in study.get_trials(deepcopy=False)):
        raise error


def _tell(record: Mapping[str, Any]) -> None:
    value = "pruned" if record["pruned"] else scoring.number(record["value"])
    said = " ".join(f"{name}={short(value)}" for name, value in record["parameters"].items())
    say("", f"trial {record['trial']:<4}{value}  {said}")


def short(value: Any) -> str:
    """A parameter for a reader: four digits of a number are enough."""
    return f"{value:.4g}" if isinstance(value, float) else "null" if value is None else str(value)
