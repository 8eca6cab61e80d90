"""Which setting a search tries next: one that was not tried yet."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..configs.search import Parameter, Search, is_whole
from .studies import counted

if TYPE_CHECKING:
    from optuna import Study, Trial

REPEATS = "repeats"
# After so many draws in a row that were tried before: any setting will do.
ANY_AFTER = 3
# After so many: a space of few settings is used up.
MAX_REPEATS = 50


def next_trial(
    study: Study,
    model: str,
    space: Mapping[str, Parameter],
    search: Search,
    first: Mapping[str, Any],
) -> tuple[Trial, dict[str, Any]] | None:
    """A trial with parameters that were not tried yet; None where the space holds no more.

    first: those to begin with, unless they lie outside the space. What is drawn depends on the
    trials that count, so that a search that was killed goes on as if it had not been.
    """
    from optuna.trial import TrialState

    known = {_key(trial.params): trial.number for trial in counted(study)}
    while _repeats(study)[1] < MAX_REPEATS:
        trial, parameters = _next(study, model, space, search, first)
        if (earlier := known.get(_key(parameters))) is None:
            return trial, parameters
        trial.set_user_attr(REPEATS, earlier)
        study.tell(trial, state=TrialState.FAIL)
    return None


def _key(parameters: Mapping[str, Any]) -> str:
    return json.dumps(parameters, sort_keys=True)


def _next(
    study: Study,
    model: str,
    space: Mapping[str, Parameter],
    search: Search,
    first: Mapping[str, Any],
) -> tuple[Trial, dict[str, Any]]:
    from optuna.trial import TrialState

    n_before = len(counted(study))
    study.sampler = _sampler(search, n_before, *_repeats(study))
    inside = all(space[name].holds(first[name]) for name in space)
    waiting = study.get_trials(deepcopy=False, states=(TrialState.WAITING,))
    if n_before == 0 and inside and not waiting:
        study.enqueue_trial({name: first[name] for name in space})
    trial = study.ask()
    return trial, {name: _drawn(trial, model, name, space[name]) for name in space}


def _drawn(trial: Trial, model: str, name: str, parameter: Parameter) -> Any:
    if parameter.choices is not None:
        return trial.suggest_categorical(name, parameter.choices)
    assert parameter.low is not None
    assert parameter.high is not None
    if is_whole(model, name):
        low, high = int(parameter.low), int(parameter.high)
        return trial.suggest_int(name, low, high, log=parameter.log)
    return trial.suggest_float(name, parameter.low, parameter.high, log=parameter.log)


def _sampler(search: Search, n_before: int, n_repeats: int, n_in_a_row: int) -> Any:
    """A sampler for one trial: one that lives on would start over when the study is resumed."""
    from optuna.samplers import RandomSampler, TPESampler

    seed = (search.sampler.seed * 1_000_003 + n_before + n_repeats) % 2**32
    if search.sampler.name == "random" or n_in_a_row >= ANY_AFTER:
        return RandomSampler(seed)
    return TPESampler(seed=seed)


def _repeats(study: Study) -> tuple[int, int]:
    """How many draws were tried before, in all and since the last trial that counts."""
    last = max((trial.number for trial in counted(study)), default=-1)
    trials = study.get_trials(deepcopy=False)
    numbers = [trial.number for trial in trials if REPEATS in trial.user_attrs]
    return len(numbers), sum(number > last for number in numbers)
