"""Infer a column's type from its cells, and parse cells as that type."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from ..configs.settings import ColumnType

# A text column with more distinct values than this share of its rows is free text or names rows.
TEXT_SHARE = 0.5
MAX_CATEGORIES = 1000
# The first that parses every cell is used. 01/02/2024 fits both slashed ones: then the column
# stays text, since a guess would be wrong for half of the world.
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
# With the month's name, whole or short; without a day, the first of the month is meant.
MONTH_FORMATS = ("%d %B %Y", "%d-%B-%Y", "%B %d, %Y", "%B %Y")
DIGITS = r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}"
NAMED = r"\d{1,2}[- ][A-Za-z]{3,9}[- ]\d{4}|[A-Za-z]{3,9} (\d{1,2}, )?\d{4}"
LOOKS_LIKE_DATE = f"^({DIGITS}|{NAMED})"
EITHER = " or "  # between the formats of a column that has several
# 007 names something; as a number it would lose its zeros.
LEADING_ZERO = r"^-?0\d+$"
DECIMAL_COMMA = r"^-?\d+(,\d+)?$"
# "1,234" may be a thousands separator; "3,14" cannot.
ONLY_DECIMAL = r"^-?\d+,(\d{1,2}|\d{4,})$"
DATETIME = pl.Datetime("us")


@dataclass(frozen=True)
class CellFormat:
    """How to parse a column: its type, the format of its dates, the signs in its numbers.

    format: several are joined by EITHER; the first that fits a cell is used. unit: text around a
    number, such as ct. thousands: the sign between groups of three digits. missing: cells that
    mean "not known".
    """

    type: ColumnType
    format: str | None = None
    decimal_comma: bool = False
    unit: str | None = None
    thousands: str | None = None
    missing: tuple[float | str, ...] = ()


def infer(cells: pl.Series) -> CellFormat:
    """The format that parses every cell that is not null."""
    if not isinstance(cells.dtype, pl.String):
        return CellFormat(_type_of(cells.dtype))
    values = cells.drop_nulls()
    for candidate in _candidates(values):
        if len(values) and not parse(values, candidate).null_count():
            return candidate
    n_unique = values.n_unique()
    is_text = n_unique > min(TEXT_SHARE * len(values), MAX_CATEGORIES)
    return CellFormat("text" if is_text else "category")


def parse(cells: pl.Series, cell_format: CellFormat) -> pl.Series:
    """Float64, Boolean, Datetime or String; null where a cell is not of the type, or missing."""
    cells = known(cells, cell_format.missing)
    if cell_format.type == "number":
        return _numbers(_plain_numbers(cells, cell_format), cell_format.decimal_comma)
    if cell_format.type == "boolean":
        return _booleans(cells)
    if cell_format.type == "date":
        return _dates(cells, cell_format.format)
    return cells.cast(pl.String)


def known(cells: pl.Series, missing: Sequence[float | str]) -> pl.Series:
    """The cells, null where they are one of `missing`: -999 stands for "-999.0" as well."""
    if not missing:
        return cells
    texts = pl.Series([str(value) for value in missing])
    numbers = texts.cast(pl.Float64, strict=False).drop_nulls()
    if cells.dtype.is_numeric():
        return cells.set(cells.cast(pl.Float64).is_in(numbers.implode()), None)
    if cells.dtype.is_temporal():
        days = texts.str.to_datetime("%Y-%m-%d", strict=False, time_unit="us").drop_nulls()
        return cells.set(cells.cast(DATETIME).is_in(days.implode()), None)
    as_text = cells.cast(pl.String)
    found = as_text.is_in(texts.implode())
    found |= as_text.cast(pl.Float64, strict=False).is_in(numbers.implode()).fill_null(False)
    return cells.set(found.fill_null(False), None)


def _type_of(dtype: pl.DataType) -> ColumnType:
    if dtype.is_numeric():
        return "number"
    return "boolean" if dtype == pl.Boolean else "date" if dtype.is_temporal() else "text"


def _candidates(values: pl.Series) -> list[CellFormat]:
    found = [CellFormat("boolean")]
    if not values.str.contains(LEADING_ZERO).any():
        found.append(CellFormat("number"))
        plain = values.str.contains(DECIMAL_COMMA).all()
        if plain and values.str.contains(ONLY_DECIMAL).any():
            found.append(CellFormat("number", decimal_comma=True))
    if len(values) and values.head(1).str.contains(LOOKS_LIKE_DATE).all():
        found += [CellFormat("date", form) for form in DATE_FORMATS]
        found += [CellFormat("date", form) for form in MONTH_FORMATS]
        slashed = [form for form in SLASHED if not _dates(values, form).null_count()]
        found += [CellFormat("date", form) for form in slashed if len(slashed) == 1]
    return found


def _plain_numbers(cells: pl.Series, cell_format: CellFormat) -> pl.Series:
    """Text cells without the unit and the sign between thousands."""
    if not isinstance(cells.dtype, pl.String):
        return cells
    if cell_format.unit:
        bare = cells.str.strip_prefix(cell_format.unit).str.strip_suffix(cell_format.unit)
        cells = bare.str.strip_chars()
    if cell_format.thousands:
        grouped = rf"^[-+]?\d{{1,3}}([{cell_format.thousands}]\d{{3}})+([.,]\d+)?$"
        bare = cells.str.replace_all(cell_format.thousands, "", literal=True)
        cells = cells.zip_with(~cells.str.contains(grouped).fill_null(False), bare)
    return cells


def _numbers(cells: pl.Series, decimal_comma: bool) -> pl.Series:
    if cells.dtype.is_temporal() or cells.dtype == pl.Boolean:
        return pl.Series(cells.name, [None] * len(cells), dtype=pl.Float64)
    if isinstance(cells.dtype, pl.String) and decimal_comma:
        cells = cells.str.replace(",", ".", literal=True)
    return cells.cast(pl.Float64, strict=False).fill_nan(None)


def _booleans(cells: pl.Series) -> pl.Series:
    if cells.dtype == pl.Boolean:
        return cells
    words = cells.cast(pl.String).str.to_lowercase()
    return words.replace_strict(
        {"true": True, "false": False}, default=None, return_dtype=pl.Boolean
    )


def _dates(cells: pl.Series, form: str | None) -> pl.Series:
    if cells.dtype in (pl.Date, pl.Datetime):
        zone = getattr(cells.dtype, "time_zone", None)
        plain = cells.dt.convert_time_zone("UTC").dt.replace_time_zone(None) if zone else cells
        return plain.cast(DATETIME)
    if form and cells.dtype.is_numeric():
        cells = cells.cast(pl.Int64, strict=False).cast(pl.String)
    if not isinstance(cells.dtype, pl.String):
        return pl.Series(cells.name, [None] * len(cells), dtype=DATETIME)
    # Cells that arrive as JSON are ISO 8601, whatever the file's own format is.
    dates = pl.Series(cells.name, [None] * len(cells), dtype=DATETIME)
    for one in form.split(EITHER) if form else [None]:
        dates = dates.zip_with(dates.is_not_null(), _moments(cells, one))
    return dates


def _moments(cells: pl.Series, form: str | None) -> pl.Series:
    """UTC where a cell names its zone; the first of the month or year where it has no day."""
    for part in ("%d", "%m"):
        whole = not form or "%s" in form or part in form or (part == "%m" and "%B" in form)
        if form and not whole:
            cells, form = "01 " + cells, f"{part} {form}"
    dates = cells.str.to_datetime(form, strict=False, time_unit="us", exact=True)
    return dates.dt.replace_time_zone(None) if form and "z" in form else dates
