"""The type of one cell of a request, made from what the contract says of its column."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, Literal

import polars as pl
from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from ..dataloader.kinds import Reading, read
from ..dataloader.read import NULLS
from ..model.features import MICROSECONDS

if TYPE_CHECKING:
    from ..configs.contract import ColumnRules

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# The forms that a JSON schema has a name for.
JSON_FORMATS = {"%Y-%m-%d": "date", None: "date-time"}
# Unicode's white space, as polars knows it. Python's own `strip` takes four control signs more.
BLANKS = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    chr(place) for place in range(0x2000, 0x200B)
)
# As many dates as requests of some days hold; reading one anew takes as long as a prediction.
N_DATES = 4096


def cell_type(
    rules: ColumnRules, reading: Reading, within: tuple[float, float] | None = None
) -> Any:
    """A type for pydantic; what it validates to is what a model takes, or None where empty.

    within: the range from conf/default.yaml, which holds beside the contract's.
    """
    if rules.kind == "numeric":
        return _nullable(_number(rules, within), rules)
    if rules.kind == "boolean":
        return _nullable(Annotated[bool, Field(strict=True)], rules)
    if rules.kind == "date":
        return _date(rules, reading)
    words = Literal[rules.one_of] if rules.one_of else str
    return Annotated[_nullable(words, rules), BeforeValidator(as_in_a_file)]


def _nullable(kind: Any, rules: ColumnRules) -> Any:
    return kind | None if rules.nullable else kind


def _number(rules: ColumnRules, within: tuple[float, float] | None) -> Any:
    low, high = within or (None, None)
    limits: dict[str, Any] = {
        "ge": max((end for end in (rules.min, low) if end is not None), default=None),
        "le": min((end for end in (rules.max, high) if end is not None), default=None),
    }
    return Annotated[float, Field(strict=True, allow_inf_nan=False, **limits)]


def as_in_a_file(cell: Any) -> Any:
    """Text as it is read from a file: without outer blanks, and None where it says `NA`."""
    if not isinstance(cell, str):
        return cell
    text = cell.strip(BLANKS)
    return None if text in NULLS else text


def _date(rules: ColumnRules, reading: Reading) -> Any:
    low, high = (_since_epoch(end) for end in rules.ends)

    def seconds(cell: Any) -> float | None:
        text = as_in_a_file(cell)
        if text is None and rules.nullable:
            return None
        moment = _seconds(text, reading) if isinstance(text, str) else None
        if moment is None:
            raise PydanticCustomError("date", "must be a date{form}", {"form": _form(reading)})
        if (low is not None and moment < low) or (high is not None and moment > high):
            raise PydanticCustomError("date", _outside(rules))
        return moment

    schema: dict[str, Any] = {"type": "string"}
    if reading.format in JSON_FORMATS:
        schema["format"] = JSON_FORMATS[reading.format]
    if rules.nullable:
        schema = {"anyOf": [schema, {"type": "null"}]}
    return Annotated[float | None, BeforeValidator(seconds), WithJsonSchema(schema)]


@lru_cache(maxsize=N_DATES)
def _seconds(text: str, reading: Reading) -> float | None:
    """A date's seconds since 1970, read as in a file; None where it is no such date."""
    try:
        # Where the file held dates and not text, requests write them as ISO 8601 does.
        cells = pl.Series([text if reading.format else datetime.fromisoformat(text)])
        (moment,) = read(cells, reading).dt.epoch("us")
    except (ValueError, OverflowError, pl.exceptions.PolarsError):
        return None
    return None if moment is None else float(moment / MICROSECONDS)


def _since_epoch(end: Any) -> float | None:
    return None if end is None else (end.replace(tzinfo=UTC) - EPOCH).total_seconds()


def _form(reading: Reading) -> str:
    return f" like {reading.format}" if reading.format else " like 2024-12-31T23:59:00"


def _outside(rules: ColumnRules) -> str:
    if rules.min is None:
        return f"must be at most {rules.max}"
    return f"must be at least {rules.min}" + (f" and at most {rules.max}" if rules.max else "")
