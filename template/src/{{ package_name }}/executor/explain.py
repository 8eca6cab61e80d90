"""What drives a run's predictions: importance on valid, and single rows told value by value."""

from __future__ import annotations

import argparse
from math import floor, log10
from typing import TYPE_CHECKING, Any

from ..configs.schema import Config
from ..utils.logs import say
from ..utils.seeds import one_thread_each, repeatable
from . import scoring

if TYPE_CHECKING:
    from ..evaluation.understanding.importance import Drop
    from .understanding.permuting import Importance
    from .understanding.subject import Subject

EXPLANATIONS = "explanations.json"
METHOD = (
    "permutation importance on valid: by how much the {metric} gets worse when a feature is "
    "shuffled; single rows: steps from the reference row (medians and commonest texts of train) "
    "to the row"
)
N_SHOWN = 10
RANDOM = "(random numbers)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--run` and `--row`."""
    from .understanding.subject import add_run

    add_run(parser)
    parser.add_argument(
        "--row",
        type=int,
        action="append",
        help="only this row of train or valid, by its number in the file, with its values; "
        "nothing is written",
    )


def run(config: Config, args: argparse.Namespace) -> int:
    """Explain one run, and draw its report anew."""
    one_thread_each()
    from ..configs.features import load_features
    from .understanding import verdicts
    from .understanding.pages import redraw
    from .understanding.subject import REPORTS, Subject

    features = load_features(args.root)
    subject = Subject.of(config, args.root, args.run)
    verdicts.check_names(features, subject.problem.columns.names)
    with repeatable(config.seed):
        if args.row:
            _tell_rows(subject, args.row)
            return 0
        report = explain(subject)
    verdicts.write(subject, features)
    page = redraw(args.root, subject.run)
    say("", f"report  {page}")
    say("", f"record  {REPORTS}/{EXPLANATIONS}, {REPORTS}/{verdicts.IMPORTANCE}")
    _tell_next(report)
    return 0


def explain(subject: Subject) -> dict[str, Any]:
    """What reports/explanations.json holds; written, and told in a few lines."""
    from ..evaluation.understanding.importance import rank_correlation
    from .understanding import permuting, single_rows

    found = permuting.importance(subject.problem, subject.model, subject.fitted_on, subject.valid)
    report = subject.header() | {
        "method": METHOD.format(metric=in_words(found.metric)),
        "metric": found.metric,
        "n_rows": found.n_rows,
        "n_shuffles": found.n_shuffles,
        "floor": found.floor,
        "rank_correlation": rank_correlation(_ranked(found)),
        "n_ranked": len(_ranked(found)),
        "global": _listed(found),
        "rows": single_rows.explained(subject, single_rows.worth_a_look(subject)),
    }
    subject.keep(EXPLANATIONS, report)
    _tell(report)
    return report


def _ranked(found: Importance) -> dict[str, Drop]:
    """Whose order matters: those that do more than random numbers, or all where they are few."""
    above = {name: one for name, one in found.drops.items() if one.value > found.floor}
    return above if len(above) > 2 else found.drops


def _listed(found: Importance) -> list[dict[str, Any]]:
    drops = sorted(found.drops.items(), key=lambda pair: -pair[1].value)
    return [
        {
            "feature": name,
            "importance": one.value,
            "spread": one.spread,
            "low": one.low,
            "high": one.high,
        }
        for name, one in drops
    ]


def _tell(report: dict[str, Any]) -> None:
    listed = report["global"]
    said = f"how much worse the {in_words(report['metric'])} gets when a feature is shuffled"
    say("explain", f"{said}: {report['n_rows']} rows of valid, {report['n_shuffles']} times")
    shown = listed[:N_SHOWN]
    n_digits = digits(report["floor"], *(one["importance"] for one in shown))
    width = max(len(RANDOM), *(len(one["feature"]) for one in shown))
    for one in shown:
        value, low, high = (f"{one[key]:.{n_digits}f}" for key in ("importance", "low", "high"))
        say("", f"{one['feature']:<{width}}  {value} [{low}, {high}]")
    say("", f"{RANDOM:<{width}}  {report['floor']:.{n_digits}f} at most")
    above = sum(one["importance"] > report["floor"] for one in listed)
    say("", f"{above} of {len(listed)} features do more than random numbers do")
    say("", stability(report["rank_correlation"], report["n_ranked"]))


def in_words(metric: str) -> str:
    """The metric's name; of one that nobody steers by, what people call it."""
    return "Brier score" if metric == "brier" else scoring.in_words(metric)


def digits(*values: float) -> int:
    """Decimals that leave three digits of the largest value."""
    largest = max(abs(value) for value in values)
    return min(9, max(0, 2 - floor(log10(largest)))) if largest else 0


def stability(correlation: float | None, n_ranked: int) -> str:
    """How far the order of the features can be trusted, in words."""
    if correlation is None:
        return "too few features for an order"
    correlation = round(correlation, 2) + 0.0  # "-0.00" is zero
    sure = "holds" if correlation >= 0.8 else "holds roughly" if correlation >= 0.5 else "is chance"
    said = f"the order of {n_ranked} features {sure}"
    return f"on other rows {said}: rank correlation {correlation:.2f} between halves of valid"


def _tell_next(report: dict[str, Any]) -> None:
    if any(one["importance"] <= report["floor"] for one in report["global"]):
        say("", "next    ablate: would the model miss the others?")


def _tell_rows(subject: Subject, numbers: list[int]) -> None:
    """On the screen alone: cells of the data stay out of reports."""
    from .understanding import single_rows

    for one in single_rows.with_values(subject, numbers):
        end = "" if one["unit"] == "unit of the target" else f" of {one['class']}"
        say(
            "explain",
            f"row {one['row']}: said {one['y_pred']}, true {one['y_true']}; from "
            f"{one['reference']:.3g} (reference) to {one['prediction']:.3g}, in {one['unit']}{end}",
        )
        width = max(len(part["feature"]) for part in one["contributions"])
        for part in one["contributions"]:
            say("", f"{part['contribution']:+10.3f}  {part['feature']:<{width}}  {part['value']}")
        if one["others"]:
            say("", f"{one['others']:+10.3f}  the others together")
