"""Text columns that should be numbers, by the form of their cells."""

from collections.abc import Iterator

import polars as pl

from ...utils.suspects import Severity, Suspect, sample, shown
from ..schema import PATH, Schema

N_SAMPLE = 50_000
PLAIN = r"^[-+]?(\d+\.?\d*|\.\d+|\d+\.\d*[eE][-+]?\d+)$"
THOUSANDS = r"^[-+]?\d{1,3}([,' ]\d{3})+(\.\d+)?$"
COMMA = r"^[-+]?\d+,\d+$"
# 12 kg, $5, 0.7ct: a number with letters or signs on one side.
# Letters in front are a currency's code: r5 and Room 7 are names.
WITH_UNIT = r"^(?:([A-Z]{3}|[^\w\s.,+-]{1,2})\s*)?[-+]?\d[\d.,]*\s*([^\d\s.,]{1,6})?$"
MAYBE_NUMBER = r"^\D{0,4}\d"  # of every form above; most texts are none
LEADING_ZERO = r"^0\d+$"
MIN_DISTINCT = 10
MIN_SHARE = 0.5  # of cells that are numbers, or that would be without their unit
MAX_WORDS = 10
# A comma is a thousands separator where it makes the median differ by less than this factor.
SAME_SIZE = 30.0


def texts(raw: pl.DataFrame, schema: Schema) -> list[str]:
    """Columns of text of which not every cell is a number, or a date."""
    kinds = {name: column.type for name, column in schema.columns.items()}
    found = [name for name in kinds if raw.schema[name] == pl.String]
    return [name for name in found if kinds[name] in ("text", "category")]


def dirty_numbers(raw: pl.DataFrame, schema: Schema) -> Iterator[Suspect]:
    """Columns of text in which most cells are numbers. raw: the cells as they are in the file."""
    for name in texts(raw, schema):
        values = raw[name].drop_nulls()
        few = sample(values.to_frame(), N_SAMPLE)[name]
        if few.str.contains(MAYBE_NUMBER).sum() < MIN_SHARE / 2 * len(few):
            continue
        is_plain = values.str.contains(PLAIN)
        plain, odd = values.filter(is_plain), values.filter(~is_plain)
        if not len(odd) or odd.str.contains(LEADING_ZERO).any():
            continue
        units, n_commas = _units(odd), int(odd.str.contains(f"{COMMA}|{THOUSANDS}").sum())
        enough = len(plain) >= MIN_SHARE * len(values) and plain.n_unique() >= MIN_DISTINCT
        n_dirty = len(units) + n_commas
        many = len(plain) + n_dirty >= 0.9 * len(values) and values.n_unique() > 2 * MIN_DISTINCT
        if enough or (many and n_dirty):
            yield _dirty(name, plain, odd, units)


def _units(odd: pl.Series) -> pl.Series:
    """The unit of each cell that is a number with one."""
    before, after = (odd.str.extract(WITH_UNIT, group) for group in (1, 2))
    return pl.select(pl.coalesce(after, before)).to_series().drop_nulls()


def _dirty(name: str, plain: pl.Series, odd: pl.Series, units: pl.Series) -> Suspect:
    commas = odd.filter(odd.str.contains(f"{COMMA}|{THOUSANDS}"))
    words = odd.filter(~odd.str.contains(r"\d"))
    if len(units) >= max(len(commas), len(words)):
        line, certain = _unit(units)
    elif len(commas) >= len(words):
        line, certain = _separator(plain, commas)
    else:
        line, certain = "", words.n_unique() <= MAX_WORDS
    fix = f"{PATH}: {name}: {{type: number, {line}}}"
    if not line:
        listed = words.unique(maintain_order=True).head(MAX_WORDS)
        fix = f"data.missing: {{{name}: [" + ", ".join(f"'{word}'" for word in listed) + "]}"
    evidence = f"{len(odd)} of {len(plain) + len(odd)} cells are not numbers, such as {shown(odd)}"
    severity: Severity = "warn" if certain else "ask"
    return Suspect([name], "dirty numbers", severity, len(odd), evidence, fix)


def _unit(units: pl.Series) -> tuple[str, bool]:
    """(the commonest unit as a line of the schema, whether the cells are surely numbers)."""
    unit = next(iter(units.mode().sort()), "")
    is_one = (units == unit).sum() > MIN_SHARE * len(units)
    # 12a and 14b are house numbers.
    is_name = len(unit) == 1 and unit.isalpha() and units.n_unique() > 1
    return f"unit: {unit}", is_one and not is_name


def _separator(plain: pl.Series, commas: pl.Series) -> tuple[str, bool]:
    """(what the comma is, as a line of the schema, whether that is certain)."""
    thousands, decimal = "thousands: ','", "decimal_comma: true"
    if not commas.str.contains(THOUSANDS).all():
        return decimal, True
    if commas.str.contains(r"[' ]|,\d{3}[,.]").any():
        return thousands, True
    whole = commas.str.replace_all(",", "").cast(pl.Float64).abs().median()
    typical = plain.cast(pl.Float64, strict=False).abs().median()
    if not isinstance(whole, float) or not isinstance(typical, float):
        return thousands, False
    as_thousands = whole / max(typical, 1e-9) + 1e-9
    ratios = (as_thousands, as_thousands / 1000)
    distance = [max(ratio, 1 / ratio) for ratio in ratios]
    return (thousands if distance[0] <= distance[1] else decimal), max(distance) > SAME_SIZE
