"""The contract for rows: column types and rules, in conf/schema.yaml."""

import math
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import yaml  # type: ignore[import-untyped]
from pydantic import ValidationError

from ..configs.load import explain
from ..configs.settings import ColumnType, Data, Section
from ..utils.files import write_text
from ..utils.logs import log
from ..utils.names import hint
from .column_types import CellFormat, infer, known, parse
from .examples import CELL_RULES
from .sources import ROW

PATH = "conf/schema.yaml"
# A category column with more values accepts any value.
MAX_LISTED = 20
MAX_SHOWN = 5
MAX_CHARACTERS = 200  # of a value in a message
EXPECTED = {
    "number": "a number",
    "boolean": "true or false",
    "date": "a date",
    "category": "text",
    "text": "text",
    "image": "the path of an image",
}
HEADER = """\
# What each column must hold; inferred once by `prepare`, yours from then on. The same rules hold in
# training, predict, batch and serving. Ranges are wider than what was seen; write what you know.
"""


class Column(CellFormat):
    """One column: how its cells are parsed, and which values are valid.

    max: of a text its characters.
    """

    nullable: bool = False
    min: float | None = None
    max: float | None = None
    categories: tuple[str, ...] | None = None

    def rules(self, cells: pl.Expr) -> list[tuple[str, pl.Expr]]:
        """(rule in words, expression that is true for a valid cell); null where it is unknown."""
        found = [] if self.nullable else [("must not be empty", cells.is_not_null())]
        for rule, holds in CELL_RULES.get(self.type, []):
            found.append((rule, cells.map_batches(holds, return_dtype=pl.Boolean)))
        if self.type == "number":
            found.append(("must be finite", cells.is_finite()))
        if self.type == "text" and self.max is not None:
            longest = f"must have at most {self.max:,.0f} characters"
            return [*found, (longest, cells.str.len_chars() <= self.max)]
        if self.min is not None:
            found.append((f"must be at least {self.min:g}", cells >= self.min))
        if self.max is not None:
            found.append((f"must be at most {self.max:g}", cells <= self.max))
        if self.categories is not None:
            listed = ", ".join(self.categories)
            found.append((f"must be one of {listed}", cells.is_in(list(self.categories))))
        return found


class Schema(Section):
    """The columns of the table, in its order. source: the file they were inferred from."""

    source: str
    columns: dict[str, Column]

    def select(self, names: Iterable[str]) -> "Schema":
        """The same rules for these columns alone."""
        kept = set(names)
        columns = {name: column for name, column in self.columns.items() if name in kept}
        return Schema(source=self.source, columns=columns)

    def parse(self, table: pl.DataFrame) -> pl.DataFrame:
        """ROW and this schema's columns, typed; null where a cell is not of its type."""
        typed = [parse(table[name], column) for name, column in self.columns.items()]
        return pl.DataFrame([table[ROW], *typed])

    def violations(self, table: pl.DataFrame, typed: pl.DataFrame) -> pl.DataFrame:
        """One line a bad cell: ROW, column, rule, value.

        table: the cells as they came. typed: the same rows from `parse`.
        """
        found = [table.select(ROW, column=pl.lit(""), rule=pl.lit(""), value=pl.lit("")).clear()]
        for name, rule, bad in self._bad(table, typed):
            if bad.any():
                cells = table[name].filter(bad).cast(pl.String).fill_null("an empty cell")
                place = {"column": name, "rule": rule, "value": cells}
                found.append(pl.DataFrame({ROW: table[ROW].filter(bad), **place}))
        return pl.concat(found).sort(ROW, maintain_order=True)

    def _bad(
        self, table: pl.DataFrame, typed: pl.DataFrame
    ) -> Iterator[tuple[str, str, pl.Series]]:
        """(column, rule, which cells break it) for each rule; all rules in one pass."""
        unparsed = {
            name: _unparsed(known(table[name], column), typed[name])
            for name, column in self.columns.items()
        }
        rules = []
        for name, column in self.columns.items():
            yield name, f"must be {EXPECTED[column.type]}", unparsed[name]
            rules += [(name, rule, valid) for rule, valid in column.rules(pl.col(name))]
        checks = [valid.fill_null(True).alias(str(n)) for n, (*_, valid) in enumerate(rules)]
        for (name, rule, _), valid in zip(rules, typed.select(checks).iter_columns(), strict=True):
            if not valid.all():
                yield name, rule, ~valid & ~unparsed[name]

    def check_columns(self, names: Iterable[str], shown: str) -> None:
        """Raise ValueError with one line for each column that is missing."""
        known = [name for name in names if name != ROW]
        missing = [name for name in self.columns if name not in known]
        lines = [f"{shown}: column '{name}' is missing; {hint(name, known)}" for name in missing]
        if len(lines) > MAX_SHOWN:
            lines[MAX_SHOWN:] = [f"{shown}: {len(lines) - MAX_SHOWN} more columns are missing"]
        if lines:
            raise ValueError("\n".join(lines))

    def validate_rows(
        self, table: pl.DataFrame, shown: str, max_invalid_share: float = 0.0
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """(valid rows, typed; violations of the others, which are left out).

        Raises ValueError that names columns, rows, rules and values where a column is missing or
        the share of invalid rows is above max_invalid_share.
        """
        self.check_columns(table.columns, shown)
        typed = self.parse(table)
        bad = self.violations(table, typed)
        if bad[ROW].n_unique() > max_invalid_share * len(table):
            raise ValueError("\n".join(describe(bad, shown)))
        return typed.filter(~pl.col(ROW).is_in(bad[ROW].implode())), bad


def describe(bad: pl.DataFrame, shown: str) -> list[str]:
    """One line for each of the first violations of a rule, and how many more there are."""
    lines = []
    for (name, rule), rows in bad.group_by("column", "rule", maintain_order=True):
        for row in rows.head(MAX_SHOWN).iter_rows(named=True):
            value = row["value"][:MAX_CHARACTERS]
            lines.append(f"{shown} row {row[ROW]}: {name} {rule}, got {value}")
        if len(rows) > MAX_SHOWN:
            lines.append(f"{shown}: {name} {rule}: {len(rows) - MAX_SHOWN} more rows")
    return lines


def schema_for(raw: pl.DataFrame, task: str, data: Data, root: Path) -> Schema:
    """conf/schema.yaml, inferred from the cells where there is none; with data.ranges.

    The schema of another file is kept where it has the same columns, and else replaced.

    Raises ValueError where a new column is in the file and not in the schema.
    """
    schema = read_schema(root)
    columns = set(raw.columns) - {ROW}
    if schema is None or (schema.source != data.file and columns != set(schema.columns)):
        schema = infer_schema(raw, task, data)
    if new := [name for name in raw.columns if name not in {ROW, *schema.columns, *data.ignore}]:
        raise ValueError(
            f"{data.file}: column '{new[0]}' is not in {PATH}; add it there or to data.ignore, or "
            f"delete {PATH} to infer it anew"
        )
    limited = _with_missing(raw, schema, data, task)
    for name, (low, high) in data.ranges.items():
        if name in limited:  # and not in data.ignore
            limited[name] = limited[name].model_copy(update={"min": low, "max": high})
    return Schema(source=schema.source, columns=limited)


def _with_missing(raw: pl.DataFrame, schema: Schema, data: Data, task: str) -> dict[str, Column]:
    """The columns with data.missing; one that is still as inferred is inferred without them."""
    columns = dict(schema.columns)
    for name in columns.keys() & data.missing.keys():
        values = data.missing[name]
        column = columns[name].model_copy(update={"missing": ()})
        cells = raw.select(ROW, name)
        if infer_schema(cells, task, data).columns[name] == column:
            given = column.model_copy(update={"missing": values})
            cells = cells.with_columns(known(raw[name], given))
            column = infer_schema(cells, task, data).columns[name]
        columns[name] = column.model_copy(update={"missing": values, "nullable": True})
    return columns


def infer_schema(table: pl.DataFrame, task: str, data: Data) -> Schema:
    """The schema of a table; data.columns gives types, all else is inferred from the cells."""
    # Names of rows and groups stay text: as numbers long ones would run into one another.
    names = [data.id, data.split.column if data.split.by == "group" else None]
    given: dict[str, ColumnType] = {name: "text" for name in names if name is not None}
    given[data.target] = "category" if task == "classification" else "number"
    given |= data.columns
    columns = {}
    for cells in table.drop(ROW):
        found = infer(cells)
        kind = given.get(cells.name, found.type)
        rules = data.rules(cells)
        kind = rules.get("type", kind)
        column = _column(cells, found if found.type == kind else CellFormat(type=kind))
        columns[cells.name] = column.model_copy(update=rules)
    return Schema(source=data.file, columns=columns)


def read_schema(root: Path) -> Schema | None:
    """conf/schema.yaml, or None before the first `prepare`; raises ValueError by key."""
    if not (root / PATH).is_file():
        return None
    try:
        return Schema.model_validate(yaml.safe_load((root / PATH).read_text(encoding="utf-8")))
    except ValidationError as error:
        raise ValueError(explain(error, Schema, {PATH: {}})) from error
    except yaml.YAMLError as error:
        raise ValueError(f"{PATH}: not valid YAML: {error}") from error


def write_schema(root: Path, schema: Schema) -> None:
    """Write conf/schema.yaml; in the user's own of the same file only columns of data.missing."""
    before = read_schema(root)
    if before is not None and before.source == schema.source:
        _write_missing(root / PATH, before, schema)
        return
    if before is not None:
        log("prepare", f"{PATH} was of {before.source}, which has other columns; git keeps it")
    content = schema.model_dump(mode="json", exclude_defaults=True)
    write_text(root / PATH, HEADER + _as_yaml(content))
    log("prepare", f"inferred the schema of {len(schema.columns)} columns; {PATH} is yours now")


def _write_missing(path: Path, before: Schema, schema: Schema) -> None:
    """Replace the entries of columns whose `missing` has changed; the other lines stay."""
    columns = {n: c for n, c in schema.columns.items() if c.missing != before.columns[n].missing}
    for name, column in columns.items():
        entry = _as_yaml({name: column.model_dump(mode="json", exclude_defaults=True)})
        key = re.escape(entry.partition(":")[0])
        lines = "".join(f"  {line}\n" for line in entry.splitlines())
        escaped = lines.replace("\\", r"\\")
        text = path.read_text(encoding="utf-8")
        text, n_replaced = re.subn(rf"(?m)^  {key}:.*\n(?:   .*\n)*", escaped, text)
        if n_replaced != 1:
            raise ValueError(f"{PATH}: cannot find the entry of '{name}'; write there: {lines}")
        write_text(path, text)
        log("prepare", f"{PATH}: {name} has missing values now, as data.missing says")


def _as_yaml(content: Any) -> str:
    style: dict[str, Any] = {"default_flow_style": None, "width": 10**6, "allow_unicode": True}
    return str(yaml.safe_dump(content, sort_keys=False, **style))


def _column(cells: pl.Series, cell_format: CellFormat) -> Column:
    typed = parse(cells, cell_format)
    low, high = _range(typed) if cell_format.type == "number" else (None, None)
    known, categories = typed.drop_nulls().unique(), None
    if cell_format.type == "category" and len(known) <= MAX_LISTED:
        categories = tuple(sorted(known.to_list()))
    rules = {"nullable": typed.null_count() > 0, "min": low, "max": high, "categories": categories}
    return Column.model_validate(cell_format.model_dump() | rules)


def _range(values: pl.Series) -> tuple[float | None, float | None]:
    """What was seen, wider by its width, and not below 0 where nothing below 0 was seen.

    None for one value alone, and for numbers near the largest that a float holds.
    """
    finite = values.filter(values.is_finite())
    low, high = finite.min(), finite.max()
    if not isinstance(low, float) or not isinstance(high, float) or low == high:
        return None, None
    width = high - low
    if not math.isfinite(3 * width):
        return None, None
    digits = 1 - math.floor(math.log10(width))
    widest = round(low - width, digits)
    return max(0.0, widest) if low >= 0 else widest, round(high + width, digits)


def _unparsed(raw: pl.Series, typed: pl.Series) -> pl.Series:
    """Which cells have a value that is not of the column's type."""
    if raw.null_count() == typed.null_count():
        return pl.repeat(False, len(raw), eager=True)
    known = raw.is_not_null() & (raw.is_not_nan() if raw.dtype.is_float() else True)
    return typed.is_null() & known
