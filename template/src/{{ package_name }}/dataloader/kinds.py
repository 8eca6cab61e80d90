"""What a column holds (number, truth value, date, category, text), and its cells read as that."""

from dataclasses import dataclass
from typing import Literal

import polars as pl

Kind = Literal["numeric", "boolean", "categorical", "date", "text"]

# A column with more values than this share of its rows names rows rather than describes them.
TEXT_SHARE = 0.5
MAX_CATEGORIES = 1000

# Tried in this order; the first that reads every cell is kept. Both last ones fit 01/02/2024:
# then the column stays text, since a guess would be wrong for half of the world.
DATE_FORMATS = (
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%d.%m.%Y",
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%dT%H:%M:%S%.f%#z",
    "%Y-%m-%d %H:%M:%S%.f%#z",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y %H:%M:%S",
)
SLASHED = ("%m/%d/%Y", "%d/%m/%Y")
LOOKS_LIKE_DATE = r"^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}"
# 007 is a name and not a number: as a number it would lose its zeros.
LEADING_ZERO = r"^-?0\d+$"
WRITTEN_DECIMAL_COMMA = r"^-?\d+(,\d+)?$"

DATETIME = pl.Datetime("us")


@dataclass(frozen=True)
class Reading:
    """How to read a column: its kind, the form of its dates, whether 3,14 is a number."""

    kind: Kind
    format: str | None = None
    decimal_comma: bool = False


def recognise(cells: pl.Series, *, decimal_comma: bool = False) -> Reading:
    """The reading that fits every cell that is not null."""
    if not isinstance(cells.dtype, pl.String):
        return Reading(_kind_of_type(cells.dtype))
    values = cells.drop_nulls()
    for reading in _candidates(values, decimal_comma):
        if len(values) and not read(values, reading).null_count():
            return reading
    return Reading(_category_or_text(values))


def _kind_of_type(dtype: pl.DataType) -> Kind:
    if dtype.is_numeric():
        return "numeric"
    return "boolean" if dtype == pl.Boolean else "date" if dtype.is_temporal() else "text"


def _candidates(values: pl.Series, decimal_comma: bool) -> list[Reading]:
    readings = [Reading("boolean")]
    if not values.str.contains(LEADING_ZERO).any():
        readings.append(Reading("numeric"))
        if decimal_comma:
            readings.append(Reading("numeric", decimal_comma=True))
    if len(values) and values.head(1).str.contains(LOOKS_LIKE_DATE).all():
        readings += [Reading("date", form) for form in DATE_FORMATS]
        slashed = [form for form in SLASHED if not _dates(values, form).null_count()]
        readings += [Reading("date", form) for form in slashed if len(slashed) == 1]
    return readings


def _category_or_text(values: pl.Series) -> Kind:
    n_unique = values.n_unique()
    return "text" if n_unique > min(TEXT_SHARE * len(values), MAX_CATEGORIES) else "categorical"


def read(cells: pl.Series, reading: Reading) -> pl.Series:
    """The cells as numbers (Float64), booleans, datetimes or text; null where one is not that."""
    if reading.kind == "numeric":
        return _numbers(cells, reading.decimal_comma)
    if reading.kind == "boolean":
        return _booleans(cells)
    if reading.kind == "date":
        return _dates(cells, reading.format)
    return cells.cast(pl.String)


def _numbers(cells: pl.Series, decimal_comma: bool) -> pl.Series:
    if isinstance(cells.dtype, pl.String) and decimal_comma:
        fits = cells.str.contains(WRITTEN_DECIMAL_COMMA)
        cells = cells.str.replace(",", ".", literal=True).set(~fits.fill_null(True), None)
    if cells.dtype.is_temporal() or cells.dtype == pl.Boolean:
        return pl.Series(cells.name, [None] * len(cells), dtype=pl.Float64)
    numbers = cells.cast(pl.Float64, strict=False)
    return numbers.fill_nan(None)


def _booleans(cells: pl.Series) -> pl.Series:
    if cells.dtype == pl.Boolean:
        return cells
    words = cells.cast(pl.String).str.to_lowercase()
    known = words.replace_strict({"true": True, "false": False}, default=None)
    return known.cast(pl.Boolean)


def _dates(cells: pl.Series, form: str | None) -> pl.Series:
    if cells.dtype in (pl.Date, pl.Datetime):
        zone = getattr(cells.dtype, "time_zone", None)
        plain = cells.dt.convert_time_zone("UTC").dt.replace_time_zone(None) if zone else cells
        return plain.cast(DATETIME)
    if not isinstance(cells.dtype, pl.String):
        return pl.Series(cells.name, [None] * len(cells), dtype=DATETIME)
    zoned = bool(form) and "z" in str(form)
    dates = cells.str.to_datetime(form, strict=False, time_unit="us", exact=True)
    return dates.dt.replace_time_zone(None) if zoned else dates
