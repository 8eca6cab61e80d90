"""Look at the data: describe its columns, and print what is suspicious."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ..configs.settings import Config, Data
from ..dataloader.profile import find_suspects, profile
from ..dataloader.schema import Schema
from ..dataloader.sources import ROW
from ..evaluation.labels import few_examples, odd_slices
from ..evaluation.leakage import group_means, leaks, sorted_by
from ..evaluation.metrics import METRICS
from ..evaluation.parts import parts_differ
from ..evaluation.profile_page import write_page
from ..evaluation.text import metric_text, number_text
from ..model.predictor import encode_target
from ..utils import runs
from ..utils.files import write_json
from ..utils.logs import log
from ..utils.predictions import Array
from ..utils.suspects import Suspect, named, settled

PROFILE = Path("reports", "profile.json")
ORDER = ("leak", "warn", "ask")
# A metric that has come this far from the baseline to no error.
TOO_GOOD, MIN_ROWS = 0.999, 200
MAX_LINES = 5  # of one fault; the others are in reports/profile.json


def look(
    root: Path,
    config: Config,
    raw: pl.DataFrame,
    table: pl.DataFrame,
    part: pl.Series,
    schema: Schema,
    features: list[str],
    classes: list[str] | None,
) -> list[dict[str, Any]]:
    """Write reports/profile.json and its page, print the columns, and return the suspicions.

    raw: the cells as they are in the files. table: typed rows, and part: in which each is.
    Suspicions that data.accept settles are left out; the worst come first.
    """
    data, y = config.data, encode_target(table[config.data.target], classes)
    # Values near the largest number overflow; a comparison with the result is false.
    with runs.repeatable(config.seed), np.errstate(all="ignore"):
        found = [*find_suspects(raw, table, part, schema, data)]
        # A path or a text is no value: its kind of data looks at what it stands for.
        values = [name for name in features if schema.columns[name].type != "image"]
        found += _of_target(data, table[[ROW, *values]].drop(ROW), y, part, classes)
    standing = [one for one in found if not settled(one, data.accept)]
    standing.sort(key=lambda one: ORDER.index(one.severity))
    suspects, columns = [one.to_json() for one in standing], profile(table, schema)
    seen = {"target": data.target, "columns": columns, "suspects": suspects}
    write_json(root / PROFILE, seen)
    meaning = f"the mean of {data.target}"
    if classes is not None:
        y, meaning = y == len(classes) - 1, f"the share of {data.target} {classes[-1]}"
    write_page(root, table, part, y.astype(float), meaning, seen)
    for kind in dict.fromkeys(one["type"] for one in columns):
        names = [one["name"] for one in columns if one["type"] == kind]
        log("", f"{len(names)} {kind}: {named(names)}")
    return suspects


def _of_target(
    data: Data, rows: pl.DataFrame, y: Array, part: pl.Series, classes: list[str] | None
) -> Iterator[Suspect]:
    """Suspicions about the target; all but the first two are of train alone. rows: the features."""
    yield from sorted_by(y, classes is not None, data.target)
    yield from group_means(rows, y, classes, data.target)
    in_train = part == "train"
    train, y = rows.filter(in_train), y[in_train.to_numpy()]
    yield from leaks(train, y, classes, data.target)
    if classes is not None:
        yield from few_examples(y, classes, data.target)
        yield from odd_slices(train, y, data.target)
    times = data.split.column if data.split.by == "time" else None
    compared = rows.drop(times or [], strict=False)
    yield from parts_differ(compared, part, by_time=times is not None)


def print_suspects(suspects: list[dict[str, Any]], severities: tuple[str, ...] = ORDER) -> None:
    """Two lines a suspicion: what was seen, and what settles it."""
    shown = [one for one in suspects if one["severity"] in severities]
    for place, one in enumerate(shown):
        same = [other for other in shown[:place] if other["fault"] == one["fault"]]
        if len(same) < MAX_LINES:
            log("", f"{one['severity']:<5}{named(one['columns'])}: {one['evidence']}")
            log("", f"     {one['advice']}")
    if len(shown) > MAX_LINES:
        log("", f"{len(shown)} suspicions, all in reports/profile.json")


def too_good(
    config: Config, value: float | None, baseline: float | None, n_rows: int, known: Any
) -> list[dict[str, Any]]:
    """A suspicion where the metric is nearly perfect; [] where it is not, or rows are few.

    known: the suspicions about the data; with a leak among them fewer rows are enough.
    """
    best = 1.0 if METRICS[config.metric].greater_is_better else 0.0
    has_leak = any(one["severity"] == "leak" for one in known)
    if value is None or baseline is None:
        return []
    # A leak may make the baseline perfect too.
    way = (value - baseline) / (best - baseline) if best != baseline else float(value == best)
    if not TOO_GOOD <= way <= 1 or not (n_rows >= MIN_ROWS or has_leak):
        return []
    target = config.data.target
    evidence = f"{metric_text(config.metric)} {number_text(value)} on {n_rows} rows is {way:.1%} of"
    evidence += " the way from the baseline to no error"
    fix = f"look for a feature that knows {target}"
    found = Suspect([target], "too good", "leak", n_rows, evidence, fix)
    return [] if settled(found, config.data.accept) else [found.to_json()]


def caution(suspects: list[dict[str, Any]]) -> str:
    """What stands beside a number where a leak stands: ` (leak: alive)`."""
    standing = [one for one in suspects if one["severity"] == "leak"]
    columns = [name for one in standing if one["fault"] != "too good" for name in one["columns"]]
    if columns:
        return f" (leak: {named(list(dict.fromkeys(columns)))})"
    return " (too good to be true?)" if standing else ""
