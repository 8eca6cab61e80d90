"""Columns of dates in several notations, and numbers that are dates."""

from collections.abc import Iterator

import polars as pl

from ...utils.suspects import Severity, Suspect, sample, shown
from ..column_types import (
    DATE_FORMATS,
    EITHER,
    LOOKS_LIKE_DATE,
    MONTH_FORMATS,
    SLASHED,
    CellFormat,
    parse,
)
from ..schema import PATH, Schema
from .cells import texts

N_SAMPLE, N_FIRST = 50_000, 1000
MIN_DISTINCT = 10
MIN_SHARE, MIN_FORMAT_SHARE = 0.6, 0.002  # of cells that are dates, and of one format
NUMERIC = ("%Y%m%d", "%s")  # 20241231, and seconds since 1970
FORMATS = (*DATE_FORMATS, *MONTH_FORMATS, *SLASHED, *NUMERIC)


def mixed_dates(raw: pl.DataFrame, schema: Schema) -> Iterator[Suspect]:
    """Columns of dates in several notations, and in one that can be read in two ways."""
    for name, column in schema.columns.items():
        if column.type == "number":
            yield from _numeric_dates(raw[name].drop_nulls())
    for name in texts(raw, schema):
        values = sample(raw.select(name).drop_nulls(), N_SAMPLE)[name]
        first = values.head(N_FIRST)
        looks = first.str.contains(f"{LOOKS_LIKE_DATE}|^\\d{{8,10}}$").sum()
        if looks and looks >= MIN_SHARE * len(first):
            yield from _text_dates(values)


def _numeric_dates(values: pl.Series) -> Iterator[Suspect]:
    """Numbers that are all dates as 20241231, or seconds since 1970 between 2000 and 2040."""
    whole = values.head(N_FIRST).cast(pl.Float64, strict=False)
    if whole.n_unique() < MIN_DISTINCT or (whole % 1 != 0).any():
        return
    is_day = whole.is_between(19000101, 21001231).all()
    form = NUMERIC[0] if is_day else NUMERIC[1]
    if (is_day or whole.is_between(9.4e8, 2.3e9).all()) and not _dates(values, form).null_count():
        evidence = f"numbers that can be read as dates: {shown(values)}"
        fix = f'{PATH}: {values.name}: {{type: date, format: "{form}"}}'
        yield Suspect([values.name], "dates", "ask", len(values), evidence, fix)


def _text_dates(values: pl.Series) -> Iterator[Suspect]:
    examples, rest = _formats(values)
    if len(rest) > (1 - MIN_SHARE) * len(values):
        return
    severity: Severity = "warn"
    n_rows = len(values)
    line = f"{PATH}: {values.name}: {{type: date, format: "
    fix = f'{line}"{EITHER.join(examples)}"}}'
    if set(SLASHED) <= set(examples):
        evidence = f"day first and month first: {shown(examples.values())}"
        fix = "which is which is lost where both are below 13: export the file with ISO dates"
    elif not any(_dates(values, form).null_count() for form in SLASHED):
        evidence, severity = f"day or month first, both fit: {shown(values)}", "ask"
        fix = f'{line}"{SLASHED[1]}"}}, or {SLASHED[0]}'
    elif len(examples) > 1 or len(rest):
        evidence = f"dates in different forms: {shown(examples.values())}"
        evidence += f", and cells that are none: {shown(rest)}" if len(rest) else ""
        n_rows -= _dates(values, next(iter(examples))).count()
    else:
        return
    yield Suspect([values.name], "dates", severity, n_rows, evidence, fix)


def _formats(values: pl.Series) -> tuple[dict[str, str], pl.Series]:
    """(a cell of each format, by format, the commonest first; the cells that none parses)."""
    counts = {form: _dates(values.head(N_FIRST), form).count() for form in FORMATS}
    found: dict[str, str] = {}
    rest = values
    for form in sorted(counts, key=lambda one: -counts[one]):
        is_date = _dates(rest, form).is_not_null()
        if is_date.sum() >= max(1, MIN_FORMAT_SHARE * len(values)):
            found[form] = rest.filter(is_date)[0]
            rest = rest.filter(~is_date)
    return found, rest


def _dates(values: pl.Series, form: str) -> pl.Series:
    return parse(values, CellFormat(type="date", format=form))
