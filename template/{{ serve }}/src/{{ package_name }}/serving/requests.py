"""The request model, made from the schema, and valid rows as a table."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import polars as pl
from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, create_model

from ..dataloader.column_types import missing_values
from ..dataloader.examples import REQUEST_CELLS
from ..dataloader.schema import Column, Schema
from ..dataloader.sources import NULLS, ROW
from ..utils.names import hint

MAX_SHOWN = 100  # characters of a wrong value that an error repeats


def row_model(schema: Schema) -> type[BaseModel]:
    """One row as a JSON object of column and value; the rules are those of the schema."""
    fields: dict[str, Any] = {
        f"column_{place}": (_cell_type(column), Field(alias=name, title=name))
        for place, (name, column) in enumerate(schema.columns.items())
    }
    return create_model("Row", __config__=ConfigDict(extra="forbid"), **fields)


def body_type(row: type[BaseModel], max_rows: int) -> Any:
    """What /predict takes: one row, or a list of rows."""
    size = Field(min_length=1, max_length=max_rows, fail_fast=True)
    rows = Annotated[list[row], size]  # type: ignore[valid-type] # made at run time
    kind = Discriminator(lambda body: "rows" if isinstance(body, list) else "row")
    return Annotated[Annotated[row, Tag("row")] | Annotated[rows, Tag("rows")], kind]


def column_types(schema: Schema) -> dict[str, pl.DataType]:
    """The type of each column in a typed table."""
    empty = pl.DataFrame(schema=dict.fromkeys([ROW, *schema.columns], pl.String))
    return dict(schema.parse(empty).drop(ROW).schema)


def typed_table(types: Mapping[str, pl.DataType], rows: Sequence[BaseModel]) -> pl.DataFrame:
    """Valid rows as a table with these types."""
    cells = [dict(zip(types, vars(row).values(), strict=True)) for row in rows]
    return pl.from_dicts(cells, schema=types)


def explain_error(error: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """row, field and problem for an error of pydantic. names: the columns that are known."""
    place = [part for part in error["loc"][1:] if part not in ("row", "rows")]
    row = place.pop(0) if place and isinstance(place[0], int) else None
    field = str(place[0]) if place else None
    message = str(error["msg"]).removeprefix("Value error, ")
    problem = message.replace("Input should", "must", 1)
    if error["type"] == "missing":
        problem = "is missing"
    elif error["type"] == "extra_forbidden":
        problem = f"is unknown; {hint(str(field), names)}"
    elif not isinstance(error["input"], dict | list | bytes):
        problem += f", got {repr(error['input'])[:MAX_SHOWN]}"
    return {"row": row, "field": field, "problem": problem}


def _cell_type(column: Column) -> Any:
    """JSON has numbers and booleans, which text does not replace; dates are ISO 8601."""
    limits = Field(strict=True, allow_inf_nan=False, ge=column.min, le=column.max)
    if column.type == "number":
        cell: Any = Annotated[float, limits]
    elif column.type == "boolean":
        cell = Annotated[bool, Field(strict=True)]
    elif column.type == "date":
        cell = Annotated[datetime, Field(strict=True)]
    elif column.type == "numbers":
        size = Field(min_length=column.length, max_length=column.length)
        cell = Annotated[list[Annotated[float, limits] | None], size]
    else:
        longest = None if column.max is None else int(column.max)
        text = Annotated[str, Field(max_length=longest)]
        cell = Literal[column.categories] if column.categories else text
    cell = REQUEST_CELLS.get(column.type, cell)
    cell = cell | None if column.nullable else cell
    parse = {"date": _parse_date, "category": _parse_text, "text": _parse_text}.get(column.type)
    cell = Annotated[cell, BeforeValidator(_unless_missing(column))] if column.missing else cell
    return Annotated[cell, BeforeValidator(parse)] if parse else cell


def _unless_missing(column: Column) -> Callable[[Any], Any]:
    """A cell, None where it is one of the column's values that mean "not known"."""
    values = missing_values(column)

    def check(cell: Any) -> Any:
        found = [cell.strip(), _number(cell)] if isinstance(cell, str) else [cell]
        is_plain = isinstance(cell, str | float | int | datetime) and not isinstance(cell, bool)
        return None if is_plain and values.intersection(found) else cell

    return check


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _parse_text(cell: Any) -> Any:
    """As it is read from a file: without outer blanks, None where it means "not known"."""
    if not isinstance(cell, str):
        return cell
    text = cell.strip()
    return None if text in NULLS else text


def _parse_date(cell: Any) -> Any:
    """A moment without a zone; in UTC where the text names a zone."""
    text = _parse_text(cell)
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    except (TypeError, ValueError, OverflowError):
        return text
