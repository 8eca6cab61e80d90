"""What must hold for the data as a whole: columns, size, target and classes."""

import polars as pl

from ..configs.settings import Config, Data
from ..utils.logs import log
from ..utils.names import check_name, hint
from ..utils.suspects import FAULTS, ROWS
from .sources import ROW
from .split import PARTS


def check_columns(data: Data, columns: list[str]) -> None:
    """Raise ValueError if the configuration names a column that the data does not have."""
    named = [("target", data.target), ("id", data.id), ("weight", data.weight)]
    named += [("split.column", data.split.column)]
    for key in ("ignore", "ranges", "columns", "missing", "accept"):
        named += [(key, name) for name in getattr(data, key) if (key, name) != ("accept", ROWS)]
    for name, faults in data.accept.items():
        for fault in faults:
            check_name(fault, FAULTS, f"conf/default.yaml: data.accept.{name}")
    where = f"{data.file} has no column"
    lines = [
        f"conf/default.yaml: data.{key}: {where} '{name}'; {hint(name, columns)}"
        for key, name in named
        if name is not None and name not in columns
    ]
    if lines:
        raise ValueError("\n".join(lines))


def check_table(config: Config, table: pl.DataFrame) -> None:
    """Raise ValueError if the table is too small or too empty, or its target does not fit."""
    data, n_classes, problems = config.data, table[config.data.target].n_unique(), []
    if len(table) < data.expected_rows_min:
        problems.append(f"{len(table)} rows, fewer than data.expected_rows_min")
    for name in sorted(set(table.columns) - set(data.ignore)):
        if (share := table[name].null_count() / max(len(table), 1)) > data.max_null_share:
            limit = "more than data.max_null_share; put it in data.ignore"
            problems.append(f"{name} is {share:.0%} empty, {limit}")
    if data.id is not None and len(twice := table.filter(pl.col(data.id).is_duplicated())):
        rows = f"rows {twice[ROW][0]} and others"
        problems.append(f"data.id: {data.id} '{twice[data.id][0]}' names more than one row: {rows}")
    if data.weight is not None and not (table[data.weight].cast(pl.Float64, strict=False) >= 0).all(
        ignore_nulls=False
    ):
        problems.append(f"data.weight: {data.weight} needs a number of at least 0 in every row")
    if n_classes < 2:
        problems.append(f"{data.target} has one value only; there is nothing to predict")
    if config.task == "classification" and n_classes > max(2, len(table) // 3):
        problems.append(f"{data.target} has {n_classes} classes; task: regression?")
    if problems:
        raise ValueError("\n".join(f"{data.file}: {problem}" for problem in problems))


def classes_of(config: Config, target: pl.Series) -> list[str] | None:
    """The classes in order; of two, the positive one is last: data.positive, or the rarer."""
    if config.task != "classification":
        return None
    counts = dict(sorted(target.alias("label").value_counts().iter_rows()))
    positive = config.data.positive
    if positive is not None:
        check_name(positive, counts, "conf/default.yaml: data.positive")
    if len(counts) != 2:
        return list(counts)
    # Of two equally frequent classes the later name: 1 of 0 and 1, yes of no and yes.
    positive = positive or min(reversed(counts), key=lambda label: counts[label])
    return sorted(counts, key=lambda label: label == positive)


def check_classes(classes: list[str] | None, target: pl.Series, part: pl.Series) -> None:
    """Raise ValueError if a class has no row in train; print those without a row elsewhere."""
    for label in classes or []:
        missing = [name for name in PARTS if not ((target == label) & (part == name)).any()]
        text = f"class '{label}' of {target.name} has no row in {' and '.join(missing)}"
        if "train" in missing:
            raise ValueError(f"{text}; merge it with another class, or change data.split")
        if missing:
            log("prepare", f"note: {text}; its result is not measured there")
