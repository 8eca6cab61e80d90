"""Infer a column's type from its cells, and parse cells as that type."""

import polars as pl

from ..configs.settings import ColumnType, Section

# A text column with more distinct values than this share of its rows is free text or names rows.
TEXT_SHARE = 0.5
MAX_CATEGORIES = 1000
# The first that parses every cell is used.
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
# 01/02/2024 fits both: then the column stays text, since a guess is wrong for half of the world.
SLASHED = ("%m/%d/%Y", "%d/%m/%Y")
LOOKS_LIKE_DATE = r"^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}"
# 007 names something; as a number it would lose its zeros.
LEADING_ZERO = r"^-?0\d+$"
DECIMAL_COMMA = r"^-?\d+(,\d+)?$"
# "1,234" may be a thousands separator; "3,14" cannot.
ONLY_DECIMAL = r"^-?\d+,(\d{1,2}|\d{4,})$"
DATETIME = pl.Datetime("us")


class CellFormat(Section):
    """How to parse a column: its type, the format of its dates, whether 3,14 is a number."""

    type: ColumnType
    format: str | None = None
    decimal_comma: bool = False


def infer(cells: pl.Series) -> CellFormat:
    """The format that parses every cell that is not null."""
    dtype, values = cells.dtype, cells.drop_nulls()
    if dtype.is_numeric():
        return CellFormat(type="number")
    if dtype == pl.Boolean or dtype.is_temporal():
        return CellFormat(type="boolean" if dtype == pl.Boolean else "date")
    if not isinstance(dtype, pl.String):
        return CellFormat(type="text")
    for candidate in _candidates(values):
        if len(values) and not parse(values, candidate).null_count():
            return candidate
    is_text = values.n_unique() > min(TEXT_SHARE * len(values), MAX_CATEGORIES)
    return CellFormat(type="text" if is_text else "category")


def parse(cells: pl.Series, cell_format: CellFormat) -> pl.Series:
    """Float64, Boolean, Datetime or String; null where a cell is not of the type."""
    if cell_format.type == "number":
        return _numbers(cells, cell_format.decimal_comma)
    if cell_format.type == "boolean":
        return _booleans(cells)
    if cell_format.type == "date":
        return _dates(cells, cell_format.format)
    return cells.cast(pl.String)


def _candidates(values: pl.Series) -> list[CellFormat]:
    found = [CellFormat(type="boolean")]
    if not values.str.contains(LEADING_ZERO).any():
        found.append(CellFormat(type="number"))
        if values.str.contains(ONLY_DECIMAL).any():
            found.append(CellFormat(type="number", decimal_comma=True))
    if len(values) and values.head(1).str.contains(LOOKS_LIKE_DATE).all():
        slashed = [form for form in SLASHED if not _dates(values, form).null_count()]
        forms = [*DATE_FORMATS, *(slashed if len(slashed) == 1 else [])]
        found += [CellFormat(type="date", format=form) for form in forms]
    return found


def _numbers(cells: pl.Series, decimal_comma: bool) -> pl.Series:
    if cells.dtype.is_temporal() or cells.dtype == pl.Boolean:
        return pl.Series(cells.name, [None] * len(cells), dtype=pl.Float64)
    if isinstance(cells.dtype, pl.String) and decimal_comma:
        fits = cells.str.contains(DECIMAL_COMMA)
        cells = cells.str.replace(",", ".", literal=True).set(~fits.fill_null(True), None)
    return cells.cast(pl.Float64, strict=False).fill_nan(None)


def _booleans(cells: pl.Series) -> pl.Series:
    known = {"true": True, "false": False}
    words = cells.cast(pl.String).str.to_lowercase()
    return words.replace_strict(known, default=None, return_dtype=pl.Boolean)


def _dates(cells: pl.Series, form: str | None) -> pl.Series:
    if cells.dtype in (pl.Date, pl.Datetime):
        zone = getattr(cells.dtype, "time_zone", None)
        plain = cells.dt.convert_time_zone("UTC").dt.replace_time_zone(None) if zone else cells
        return plain.cast(DATETIME)
    if not isinstance(cells.dtype, pl.String):
        return pl.Series(cells.name, [None] * len(cells), dtype=DATETIME)
    # Cells that arrive as JSON are ISO 8601, whatever the file's own format is.
    dates = cells.str.to_datetime(form, strict=False, time_unit="us", exact=True)
    return dates.dt.replace_time_zone(None) if form and "z" in form else dates
