"""Infer a column's type from its cells, and parse cells as that type."""

from typing import Any, Literal

import polars as pl

from ..configs.settings import ColumnType, Missing, Section

# A text column with more distinct values than this share of its rows is free text or names rows.
TEXT_SHARE = 0.5
MAX_CATEGORIES = 1000
N_FIRST = 1000  # cells that are tried before all are
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
# With the month's name, whole or short; without a day, the first of the month is meant.
MONTH_FORMATS = ("%d %B %Y", "%d-%B-%Y", "%B %d, %Y", "%B %Y")
NUMBER = r"\s*(-?\d+(\.\d*)?([eE][-+]?\d+)?|null)\s*"
LIST = rf"^\[{NUMBER}(,{NUMBER})*\]$"
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


class CellFormat(Section):
    """How to parse a column: its type, the format of its dates, the signs in its numbers.

    format: several are joined by EITHER; the first that fits a cell is used. decimal_comma: 3,14
    is a number too. unit: text around a number, such as ct. thousands: the sign between groups of
    three digits. missing: values that mean "not known".
    """

    type: ColumnType
    format: str | None = None
    decimal_comma: bool = False
    unit: str | None = None
    thousands: Literal[",", ".", " ", "'"] | None = None
    missing: Missing = ()

    @property
    def is_plain_number(self) -> bool:
        """Whether its cells are numbers without any signs that must be removed first."""
        return self.type == "number" and not (self.decimal_comma or self.unit or self.thousands)


def infer(cells: pl.Series) -> CellFormat:
    """The format that parses every cell that is not null."""
    dtype, values = cells.dtype, cells.drop_nulls()
    if dtype.is_nested():
        return CellFormat(type="numbers")
    if dtype.is_numeric():
        return CellFormat(type="number")
    if dtype == pl.Boolean or dtype.is_temporal():
        return CellFormat(type="boolean" if dtype == pl.Boolean else "date")
    if not isinstance(dtype, pl.String):
        return CellFormat(type="text")
    for candidate in _candidates(values) if len(values) else []:
        tried = (values.head(N_FIRST), values)
        if not any(parse(cells, candidate).null_count() for cells in tried):
            return candidate
    is_text = values.n_unique() > min(TEXT_SHARE * len(values), MAX_CATEGORIES)
    return CellFormat(type="text" if is_text else "category")


def parse(cells: pl.Series, cell_format: CellFormat) -> pl.Series:
    """Float64, Boolean, Datetime or String; null where a cell is not of the type, or missing."""
    return _typed(known(cells, cell_format), cell_format)


def known(cells: pl.Series, cell_format: CellFormat) -> pl.Series:
    """The cells, null where they are one of `missing`: -999 stands for "-999.0 kg" as well."""
    found = pl.repeat(False, len(cells), eager=True)
    for one in _readings(cell_format) if cell_format.missing else []:
        values = _missing(cell_format, one).implode()
        found |= _typed(cells, one).is_in(values).fill_null(False)
    return cells.set(found, None) if cell_format.missing else cells


def missing_values(cell_format: CellFormat) -> set[Any]:
    """The texts, numbers and moments that `known` looks for."""
    found = [_missing(cell_format, one) for one in _readings(cell_format)]
    return {value for values in found for value in values.to_list()}


def _readings(cell_format: CellFormat) -> list[CellFormat]:
    """As what cells are compared with `missing`: text and number, and moments in dates."""
    number = cell_format if cell_format.type == "number" else CellFormat(type="number")
    dates = [cell_format] if cell_format.type == "date" else []
    return [CellFormat(type="text"), number, *dates]


def _missing(cell_format: CellFormat, reading: CellFormat) -> pl.Series:
    """The values of `missing`; a date is ISO 8601, or as in the column."""
    plain = [str(value).removesuffix(".0") for value in cell_format.missing]
    texts = pl.Series(plain, dtype=pl.String)
    if reading.type == "date":
        forms = [form for form in (reading.format, *DATE_FORMATS) if form]
        return _dates(texts, EITHER.join(forms)).drop_nulls()
    return _typed(texts, reading).drop_nulls()


def _typed(cells: pl.Series, cell_format: CellFormat) -> pl.Series:
    if cell_format.type == "number":
        return _numbers(cells, cell_format)
    if cell_format.type == "boolean":
        return _booleans(cells)
    if cell_format.type == "date":
        return _dates(cells, cell_format.format)
    if cell_format.type == "numbers":
        return _lists(cells)
    return as_text(cells).cast(pl.String)


def _candidates(values: pl.Series) -> list[CellFormat]:
    found = [CellFormat(type="boolean")]
    if not values.str.contains(LEADING_ZERO).any():
        found.append(CellFormat(type="number"))
        plain = values.str.contains(DECIMAL_COMMA).all()
        if plain and values.str.contains(ONLY_DECIMAL).any():
            found.append(CellFormat(type="number", decimal_comma=True))
    if values.head(1).str.contains(LOOKS_LIKE_DATE).all():
        slashed = [form for form in SLASHED if not _dates(values, form).null_count()]
        forms = [*DATE_FORMATS, *MONTH_FORMATS, *(slashed if len(slashed) == 1 else [])]
        found += [CellFormat(type="date", format=form) for form in forms]
    return found


def _numbers(cells: pl.Series, cell_format: CellFormat) -> pl.Series:
    """Without the unit and the sign between thousands, where cells are text."""
    if cells.dtype.is_temporal() or cells.dtype == pl.Boolean:
        return pl.Series(cells.name, [None] * len(cells), dtype=pl.Float64)
    if isinstance(cells.dtype, pl.String):
        if cell_format.unit:
            bare = cells.str.strip_prefix(cell_format.unit).str.strip_suffix(cell_format.unit)
            cells = bare.str.strip_chars()
        if cell_format.thousands:
            grouped = rf"^[-+]?\d{{1,3}}([{cell_format.thousands}]\d{{3}})+([.,]\d+)?$"
            bare = cells.str.replace_all(cell_format.thousands, "", literal=True)
            cells = cells.zip_with(~cells.str.contains(grouped).fill_null(False), bare)
        if cell_format.decimal_comma:
            cells = cells.str.replace(",", ".", literal=True)
    return cells.cast(pl.Float64, strict=False).fill_nan(None)


def _lists(cells: pl.Series) -> pl.Series:
    """Lists of numbers, from lists or from their JSON; null within a list stays."""
    if cells.dtype.is_nested():
        return cells.cast(pl.List(pl.Float64))
    texts = cells.cast(pl.String)
    valid = texts.set(~texts.str.contains(LIST).fill_null(False), None)
    number = pl.element().str.strip_chars().cast(pl.Float64, strict=False)
    return valid.str.strip_chars("[]").str.split(",").list.eval(number)


def as_text(cells: pl.Series) -> pl.Series:
    """Cells as text; a list as JSON."""
    if not cells.dtype.is_nested():
        return cells.cast(pl.String)
    texts = cells.cast(pl.List(pl.String))
    filled = texts.list.eval(pl.element().fill_null("null"))
    return ("[" + filled.list.join(", ") + "]").alias(cells.name)


def _booleans(cells: pl.Series) -> pl.Series:
    known = {"true": True, "false": False}
    words = cells.cast(pl.String).str.to_lowercase()
    return words.replace_strict(known, default=None, return_dtype=pl.Boolean)


def _dates(cells: pl.Series, form: str | None) -> pl.Series:
    if cells.dtype in (pl.Date, pl.Datetime):
        zone = getattr(cells.dtype, "time_zone", None)
        plain = cells.dt.convert_time_zone("UTC").dt.replace_time_zone(None) if zone else cells
        return plain.cast(DATETIME)
    dates = pl.Series(cells.name, [None] * len(cells), dtype=DATETIME)
    if form and cells.dtype.is_numeric():
        cells = cells.cast(pl.Int64, strict=False).cast(pl.String)
    if not isinstance(cells.dtype, pl.String):
        return dates
    for one in form.split(EITHER) if form else DATE_FORMATS:
        dates = dates.zip_with(dates.is_not_null(), _moments(cells, one))
    return dates


def _moments(cells: pl.Series, form: str) -> pl.Series:
    """UTC where a cell names its zone; the first of the month or year where it has no day."""
    if "%d" not in form and form != "%s":
        month = "" if "%m" in form or "%B" in form else "01 "
        cells, form = "01 " + month + cells, f"%d {'%m ' if month else ''}{form}"
    dates = cells.str.to_datetime(form, strict=False, time_unit="us", exact=True)
    return dates.dt.replace_time_zone(None) if "z" in form else dates
