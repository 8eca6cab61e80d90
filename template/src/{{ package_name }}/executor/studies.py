"""A search on its journal: which trials there are, which come next; survives being killed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..configs.search import Search
from ..utils import runs
from ..utils.locks import locked

if TYPE_CHECKING:
    from optuna import Study
    from optuna.trial import FrozenTrial

STUDIES = Path(runs.LOGS, "studies")
COMMAND = "tune"
RUN, ERROR = "run", "error"


class Held:
    """A lock that is held already. optuna's own outlives a process that is killed in a write."""

    def acquire(self) -> bool:
        """Nothing to wait for: `_alone` holds the whole folder."""
        return True

    def release(self) -> None:
        """Nothing to give back."""


@contextmanager
def opened(root: Path, name: str, search: Search, *, higher_is_better: bool) -> Iterator[Study]:
    """The study of that name, new or with the trials it has; what a kill left open is closed.

    Raises ValueError while another process searches in this project.
    """
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    path = root / STUDIES / f"{name}.journal"
    held: Any = Held()
    with _alone(root):
        _mend(path)
        study = optuna.create_study(
            study_name=name,
            storage=JournalStorage(JournalFileBackend(str(path), lock_obj=held)),
            direction="maximize" if higher_is_better else "minimize",
            pruner=_pruner(search),
            load_if_exists=True,
        )
        _close_what_was_killed(root, study)
        yield study


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """One search at a time: the next trial is drawn from all earlier ones."""
    lock = root / STUDIES / "searching.lock"
    try:
        with locked(lock, wait=False):
            yield
    except BlockingIOError as error:
        raise ValueError(
            f"{STUDIES.as_posix()}: another `{COMMAND}` is at work here; wait for it, or end it"
        ) from error


def _mend(path: Path) -> None:
    """Cut off a line that a kill left unfinished: the next one would be glued to it."""
    if path.is_file():
        whole = path.read_bytes().rfind(b"\n") + 1
        with path.open("r+b") as file:
            file.truncate(whole)


def _close_what_was_killed(root: Path, study: Study) -> None:
    """A trial whose run is finished counts, though the study was not told; any other does not."""
    from optuna.trial import TrialState

    known = {run.folder.name: run for run in runs.every(root)}
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        run = known.get(str(trial.user_attrs.get(RUN)))
        if run is not None and run.record.get("status") == "finished":
            tell(study, trial.number, run.record)
        else:
            study.tell(trial.number, state=TrialState.FAIL)
    for run in known.values():
        if run.record.get("command") == COMMAND and run.record.get("status") == "running":
            run.note(status="interrupted")


def tell(study: Study, number: int, record: Mapping[str, Any]) -> None:
    """Enter the value of a finished run; of one that was pruned the last value it reported."""
    from optuna.trial import TrialState

    if record["pruned"]:
        study.tell(number, state=TrialState.PRUNED)
    else:
        study.tell(number, record["value"])


def counted(study: Study) -> list[FrozenTrial]:
    """The trials that the budget counts, in order: told or failed of themselves, not killed."""
    from optuna.trial import TrialState

    ends = (TrialState.COMPLETE, TrialState.PRUNED)
    trials = study.get_trials(deepcopy=False)
    return [trial for trial in trials if trial.state in ends or ERROR in trial.user_attrs]


def seconds_of(root: Path, trials: Sequence[FrozenTrial]) -> float:
    """How long these trials took together, as their runs say: a study counts its pauses as well."""
    known = {run.folder.name: run.record for run in runs.every(root)}
    records = [known.get(str(trial.user_attrs.get(RUN)), {}) for trial in trials]
    return sum(float(record.get("seconds", 0)) for record in records)


def _pruner(search: Search) -> Any:
    from optuna.pruners import MedianPruner, NopPruner

    return MedianPruner() if search.pruning == "median" else NopPruner()
