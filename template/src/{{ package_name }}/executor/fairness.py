"""Whom does the model serve worse? Error rates by group on valid, and what gives groups away."""

from __future__ import annotations

import argparse
import difflib
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..configs.schema import Config
from ..utils.errors import DoesNotHold
from ..utils.logs import say
from ..utils.seeds import one_thread_each, repeatable
from . import scoring

if TYPE_CHECKING:
    from ..configs.fairness import Fairness
    from ..evaluation.rows import Rows
    from ..evaluation.settings import Settings
    from .understanding.subject import Subject

FAIRNESS = "fairness.json"
# Below these a group's rate is said to rest on few rows; the checklist asks for as many.
LEAST_TRAIN, LEAST_POSITIVE = 100, 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--run`."""
    from .understanding.subject import add_run

    add_run(parser)


def run(config: Config, args: argparse.Namespace) -> int:
    """Compare groups; raises DoesNotHold beyond max_gap, or where groups are too small to tell."""
    one_thread_each()
    from ..configs.fairness import load_fairness
    from .understanding.pages import redraw
    from .understanding.subject import REPORTS, Subject

    wanted = load_fairness(args.root)
    wanted.chosen(config.task)  # before anything is loaded
    subject = Subject.of(config, args.root, args.run)
    with repeatable(config.seed):
        report = fairness(subject, wanted)
    subject.keep(FAIRNESS, report)
    _tell(report)
    say("", f"report  {redraw(args.root, subject.run)}")
    say("", f"record  {REPORTS}/{FAIRNESS}")
    if broken := _broken(report):
        raise DoesNotHold(broken)
    return 0


def fairness(subject: Subject, wanted: Fairness) -> dict[str, Any]:
    """What reports/fairness.json holds.

    Raises ValueError where conf/fairness.yaml names a column, class or feature that there is not.
    """
    from ..evaluation.understanding.groups import rate

    problem = subject.problem
    metric, max_gap = wanted.chosen(problem.config.task)
    positive = wanted.positive_of(problem.classes)
    _check_columns(subject, wanted)
    rows = _rows(subject)
    place = None if positive is None else rows.classes.index(positive)
    found = rate(metric, rows, place)
    is_positive = np.ones(len(rows), bool) if place is None else rows.truth == place
    groups, gaps, told = [], [], []
    for column in wanted.columns:
        of_train, of_valid = _members(subject, column)
        members = {str(name): of_valid == name for name in np.unique([*of_train, *of_valid])}
        entries, gap = _compared(column, found, members, _settings(subject))
        for entry in entries:
            entry["n_train"] = int((of_train == entry["value"]).sum())
            entry["n_positive"] = int(is_positive[members[entry["value"]]].sum())
        groups += entries
        gaps += [{"column": column, **gap}] if gap else []
        told += _proxies(subject, column, of_train)
    return subject.header() | {
        "columns": list(wanted.columns),
        "metric": metric,
        "positive": positive,
        "about_positive": positive is not None and metric != "accuracy",
        "max_gap": max_gap,
        "n_rows": len(rows),
        "groups": groups,
        "gap": max(gaps, key=lambda one: float(one["value"])) if gaps else None,
        "gaps": gaps,
        "max_auc": wanted.max_auc,
        "proxies": told,
        "kept_because": dict(wanted.kept_because),
        "n_unexplained_proxies": len(_unexplained(told, wanted)),
    }


def _check_columns(subject: Subject, wanted: Fairness) -> None:
    from ..configs.fairness import PATH

    target = subject.problem.contract.target.name
    columns = [c.name for c in subject.problem.contract.columns if c.name != target]
    named = {"columns": (wanted.columns, columns)}
    named["kept_because"] = (tuple(wanted.kept_because), list(subject.problem.columns.names))
    for key, (names, known) in named.items():
        for name in names:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                there_are = f"there are {', '.join(known[:20])}"
                hint = f"did you mean '{near[0]}'?" if near else there_are
                raise ValueError(f"{PATH}: {key}: there is no column '{name}'; {hint}")


def _rows(subject: Subject) -> Rows:
    from ..evaluation.rows import rows_of

    problem = subject.problem
    said = problem.predict(subject.model, subject.valid)
    return rows_of(problem.config.task, said.y_true, said.y_pred, said.y_score, said.classes)


def _settings(subject: Subject) -> Settings:
    from ..evaluation.settings import Settings

    config = subject.problem.config
    return Settings(config.evaluation.n_resamples, config.evaluation.level, config.seed)


def _members(subject: Subject, column: str) -> tuple[NDArray[Any], NDArray[Any]]:
    """The group of each row of train and of valid; numbers are cut where the quarters of both end.

    Raises ValueError for a column with a name for nearly each row.
    """
    import polars as pl

    from ..configs.fairness import PATH
    from ..evaluation.slices import MAX_VALUES, parts
    from .slicing import slices

    both = pl.concat([subject.fitted_on, subject.valid])
    cells = slices(both, subject.problem.contract, [column])[column]
    named = np.full(len(both), "", dtype=object)
    for name, places in parts(cells):
        named[places] = name
    if (named == "").any():
        raise ValueError(
            f"{PATH}: columns: '{column}' has more than {MAX_VALUES} values, which are no groups; "
            f"put them together in a column of the data"
        )
    return named[: len(subject.fitted_on)], named[len(subject.fitted_on) :]


def _compared(
    column: str, found: Any, members: dict[str, NDArray[Any]], settings: Settings
) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    from ..evaluation.understanding.groups import by_group

    places = {name: np.flatnonzero(is_member) for name, is_member in members.items()}
    entries, gap = by_group(found, places, settings)
    return [{"column": column, **entry} for entry in entries], gap


def _proxies(subject: Subject, column: str, of_train: NDArray[Any]) -> list[dict[str, Any]]:
    from .understanding.proxies import proxies

    return proxies(subject.problem, subject.fitted_on, column, of_train)


def _unexplained(told: list[dict[str, Any]], wanted: Fairness) -> list[dict[str, Any]]:
    return [
        one
        for one in told
        if one["auc"] > wanted.max_auc and one["feature"] not in wanted.kept_because
    ]


def _tell(report: dict[str, Any]) -> None:
    metric = scoring.in_words(report["metric"])
    of = f" of {report['positive']}" if report["about_positive"] else ""
    say("fairness", f"{metric}{of} by group, {report['n_rows']} rows of valid")
    names = [f"{one['column']} {one['value']}" for one in report["groups"]]
    width = max(len(name) for name in names)
    for name, one in zip(names, report["groups"], strict=True):
        found = {"value": one["rate"], "low": one["low"], "high": one["high"]}
        value = "too few to tell" if one["rate"] is None else scoring.interval(found)
        say("", f"{name:<{width}}  {value:<22}  {_count(one)}")
    for gap in report["gaps"]:
        between = f"between {gap['lowest']} and {gap['highest']}"
        say("", f"gap     {gap['column']}: {scoring.interval(gap)} {between}")
    for one in report["proxies"]:
        if one["auc"] > report["max_auc"]:
            why = report["kept_because"].get(one["feature"], "drop it, or say why: kept_because")
            say("", f"proxy   {_what(one)}: {why}")


def _what(one: dict[str, Any]) -> str:
    if one["feature"] == one["attribute"]:
        return f"the model sees {one['feature']} itself"
    return f"{one['feature']} tells {one['attribute']} (auc {one['auc']:.2f})"


def _count(one: dict[str, Any]) -> str:
    few = one["n_train"] < LEAST_TRAIN or one["n_positive"] < LEAST_POSITIVE
    said = f"{one['n_rows']} rows behind it, {one['n_train']} in train"
    return f"{said}; few: an anecdote" if few else said


def _broken(report: dict[str, Any]) -> str | None:
    gap, metric = report["gap"], scoring.in_words(report["metric"])
    if gap is None:
        return (
            f"fairness: of no column two groups have enough rows of valid to tell the {metric}; "
            f"collect more, or put small groups together"
        )
    if gap["value"] <= report["max_gap"]:
        return None
    return (
        f"fairness: {metric} differs by {scoring.number(gap['value'])} between {gap['column']} "
        f"{gap['lowest']} and {gap['highest']}, more than max_gap {report['max_gap']:g} of "
        f"conf/fairness.yaml"
    )
