"""Does each feature earn its keep? Fits the model without each, and without all weak ones."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from ..configs.schema import Config, Data
from ..utils.files import read_json
from ..utils.logs import say
from ..utils.seeds import one_thread_each, repeatable
from .explain import digits, in_words
from .understanding.leaving_out import TOGETHER

if TYPE_CHECKING:
    from ..configs.features import Features
    from .understanding.leaving_out import Cost, Unit
    from .understanding.subject import Subject

ABLATION = "ablation.json"
N_LISTED = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--run`."""
    from .understanding.subject import add_run

    add_run(parser)


def run(config: Config, args: argparse.Namespace) -> int:
    """Ablate one run, explain it first where nobody has, and draw its report anew."""
    one_thread_each()
    from ..configs.features import load_features
    from .explain import EXPLANATIONS, explain
    from .understanding import verdicts
    from .understanding.pages import parts_of, redraw
    from .understanding.subject import REPORTS, Subject

    features = load_features(args.root)
    subject = Subject.of(config, args.root, args.run)
    verdicts.check_names(features, subject.problem.columns.names)
    with repeatable(config.seed):
        known = "explanations" in parts_of(args.root, subject.run)
        explained = read_json(subject.run.folder / EXPLANATIONS) if known else explain(subject)
        report = ablate(subject, features, explained)
    subject.keep(ABLATION, report)
    _tell(verdicts.write(subject, features), subject.problem.config.data)
    say("", f"report  {redraw(args.root, subject.run)}")
    say("", f"record  {REPORTS}/{ABLATION}, {REPORTS}/{verdicts.IMPORTANCE}")
    return 0


def ablate(subject: Subject, features: Features, explained: dict[str, Any]) -> dict[str, Any]:
    """What reports/ablation.json holds."""
    from .understanding.leaving_out import N_JOINT, Trials, droppable, units

    config = subject.problem.config
    importance = {one["feature"]: one["importance"] for one in explained["global"]}
    if len(importance) < 2:
        raise ValueError("data/: the model has one feature; there is nothing to leave out")
    listed = units(importance, features)
    form = _Form.of(listed, explained, config.metric)
    say(
        "ablate",
        f"what leaving out costs on valid, {len(listed)} to {len(listed) + N_JOINT} models of "
        f"{config.model}: {form.head}",
    )
    trials = Trials(subject, form.tell)
    tried = [(unit, trials.cost(unit.name, unit.features)) for unit in listed]
    dropped, together = droppable(trials, tried, explained["floor"])
    return subject.header() | {
        "metric": explained["metric"],
        "steering": config.metric,
        "n_rows": len(subject.valid),
        "n_refits": trials.n_refits,
        "units": [_unit(unit, cost) for unit, cost in tried],
        "drop": sorted(name for unit in dropped for name in unit.features),
        "together": together and asdict(together),
    }


def _unit(unit: Unit, cost: Cost) -> dict[str, Any]:
    return {
        "name": unit.name,
        "features": list(unit.features),
        "importance": unit.importance,
        "cost": asdict(cost),
    }


@dataclass(frozen=True)
class _Form:
    """How results stand below one another: the metrics, width of the names, decimals."""

    metrics: tuple[str, ...]
    width: int
    n_digits: int

    @classmethod
    def of(cls, listed: Sequence[Unit], explained: dict[str, Any], steering: str) -> _Form:
        names = (in_words(explained["metric"]), in_words(steering))
        width = max(len(TOGETHER.format(len(listed))), *(len(unit.name) for unit in listed))
        largest = max(explained["floor"], *(unit.importance for unit in listed))
        return cls(tuple(dict.fromkeys(names)), width, digits(largest))

    @property
    def head(self) -> str:
        """What the numbers are."""
        return ", then ".join(self.metrics)

    def tell(self, name: str, cost: Cost) -> None:
        """One line for what was left out."""
        ends = (cost.fine[end] for end in ("value", "low", "high"))
        value, low, high = (f"{end:+.{self.n_digits}f}" for end in ends)
        also = f"  {cost.steering['value']:+.3f}" if len(self.metrics) > 1 else ""
        text = f"{name:<{self.width}}  {value} [{low}, {high}]{also}"
        say("", f"{text}  {in_a_word(cost.fine)}".rstrip())


def in_a_word(cost: dict[str, float]) -> str:
    """What an interval that leaves zero out says about a feature; nothing for one that does not."""
    return "earns its keep" if cost["low"] > 0 else "better without" if cost["high"] < 0 else ""


def _tell(importance: dict[str, Any], data: Data) -> None:
    verdicts = [one["verdict"] for one in importance["features"]]
    kept = len(verdicts) - verdicts.count("drop")
    say("", f"{kept} of {len(verdicts)} features stay, {verdicts.count('drop')} can go")
    names = [one["name"] for one in importance["features"] if one["verdict"] == "drop"]
    if not names:
        return
    listed = f"[{', '.join(names)}]" if len(names) <= N_LISTED else f"`drop` in reports/{ABLATION}"
    say("", f"next    add to data.ignore in conf/default.yaml: {listed}; then train")
    if data.id is None and data.split.by == "hash":
        say("", "        name the rows first, data.id: without that all are dealt anew")
    say("", "        or say for each why it stays: keep_because in conf/features.yaml")
