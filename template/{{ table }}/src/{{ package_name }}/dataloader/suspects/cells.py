"""Text columns that should be numbers or dates, by the form of their cells."""

from collections.abc import Iterator

import polars as pl

from ...utils.suspects import Suspect, accept_line, sample, shown
from ..column_types import DATE_FORMATS, LOOKS_LIKE_DATE, MONTH_FORMATS, SLASHED, CellFormat, parse
from ..schema import PATH, Schema

N_SAMPLE = 50_000
PLAIN = r"^[-+]?(\d+\.?\d*|\.\d+|\d+\.\d*[eE][-+]?\d+)$"
THOUSANDS = r"^[-+]?\d{1,3}([,' ]\d{3})+(\.\d+)?$"
COMMA = r"^[-+]?\d+,\d+$"
# 12 kg, $5, 0.7ct: a number with letters or signs on one side.
# Letters in front are a currency's code: r5 and Room 7 are names.
WITH_UNIT = r"^(?:([A-Z]{3}|[^\w\s.,+-]{1,2})\s*)?[-+]?\d[\d.,]*\s*([^\d\s.,]{1,6})?$"
MAYBE_NUMBER = r"^\D{0,4}\d"  # of every form above; most texts are none
MIN_DISTINCT = 10
MIN_SHARE = 0.5  # of cells that are numbers, or that would be without their unit
MAX_WORDS = 10
# A comma is a thousands separator where it makes the median differ by less than this factor.
SAME_SIZE = 30.0
MIN_FORMAT_SHARE = 0.002
MIN_DATES = 0.6
NUMERIC = ("%Y%m%d", "%s")  # 20241231, and seconds since 1970


def dirty_numbers(raw: pl.DataFrame, schema: Schema) -> Iterator[Suspect]:
    """Columns of text in which most cells are numbers. raw: the cells as they are in the file."""
    for name in _texts(raw, schema):
        values = raw[name].drop_nulls()
        few = sample(values.to_frame(), N_SAMPLE)[name]
        if few.str.contains(MAYBE_NUMBER).sum() < MIN_SHARE / 2 * len(few):
            continue
        odd = values.filter(~values.str.contains(PLAIN))
        plain = values.filter(values.str.contains(PLAIN))
        units = _units(odd)
        n_numbers = len(plain) + len(units)
        if not len(odd) or odd.str.contains(r"^0\d+$").any():
            continue
        enough = len(plain) >= MIN_SHARE * len(values) and plain.n_unique() >= MIN_DISTINCT
        many = n_numbers >= 0.9 * len(values) and values.n_unique() > 2 * MIN_DISTINCT
        if enough or (many and len(units)):
            yield _dirty(name, plain, odd, units)


def _texts(raw: pl.DataFrame, schema: Schema) -> list[str]:
    kinds = {name: column.type for name, column in schema.columns.items()}
    texts = [name for name in kinds if raw.schema[name] == pl.String]
    return [name for name in texts if kinds[name] in ("text", "category")]


def _units(odd: pl.Series) -> pl.Series:
    """The unit of each cell that is a number with one."""
    table = odd.to_frame("cell").select(
        before=pl.col("cell").str.extract(WITH_UNIT, 1),
        after=pl.col("cell").str.extract(WITH_UNIT, 2),
    )
    return table.select(pl.coalesce("after", "before")).to_series().drop_nulls()


def _dirty(name: str, plain: pl.Series, odd: pl.Series, units: pl.Series) -> Suspect:
    found = {
        "unit": len(units),
        "comma": int(odd.str.contains(f"{COMMA}|{THOUSANDS}").sum()),
        "words": int((~odd.str.contains(r"\d")).sum()),
    }
    kind = max(found, key=lambda one: found[one])
    unit = next(iter(units.mode().sort()), "")
    line, certain = f"{{type: number, unit: {unit}}}", False
    if kind == "unit":
        is_one = (units == unit).sum() > MIN_SHARE * len(units)
        # 12a and 14b are house numbers.
        certain = is_one and (len(unit) > 1 or not unit.isalpha() or units.n_unique() == 1)
    elif kind == "comma":
        thousands, certain = _comma_is_thousands(plain, odd)
        line = "{type: number, " + ("thousands: ','" if thousands else "decimal_comma: true") + "}"
    evidence = f"{len(odd)} of {len(plain) + len(odd)} cells are not numbers, such as {shown(odd)}"
    advice = f"{PATH}: {name}: {line}"
    if kind == "words":
        words = odd.filter(~odd.str.contains(r"\d")).unique(maintain_order=True)
        certain = len(words) <= MAX_WORDS
        listed = ", ".join(f"'{word}'" for word in words.head(MAX_WORDS))
        advice = f"data.missing: {{{name}: [{listed}]}}"
    if not certain:
        advice += f"; or if it is no number: {accept_line([name], 'dirty numbers')}"
    return Suspect(
        [name], "dirty numbers", "warn" if certain else "ask", len(odd), evidence, advice
    )


def _comma_is_thousands(plain: pl.Series, odd: pl.Series) -> tuple[bool, bool]:
    """(whether it separates thousands and not decimals, whether that is certain)."""
    cells = odd.filter(odd.str.contains(f"{COMMA}|{THOUSANDS}"))
    if not cells.str.contains(THOUSANDS).all():
        return False, True
    if cells.str.contains(r"[' ]|,\d{3}[,.]").any():
        return True, True
    whole = cells.str.replace_all(",", "").cast(pl.Float64).abs().median()
    typical = plain.cast(pl.Float64, strict=False).abs().median()
    if not isinstance(whole, float) or not isinstance(typical, float):
        return True, False
    as_thousands = whole / max(typical, 1e-9) + 1e-9
    as_decimal = as_thousands / 1000
    distance = [max(ratio, 1 / ratio) for ratio in (as_thousands, as_decimal)]
    return distance[0] <= distance[1], max(distance) > SAME_SIZE


def mixed_dates(raw: pl.DataFrame, schema: Schema) -> Iterator[Suspect]:
    """Columns of dates in several notations, and in one that can be read in two ways."""
    for name, column in schema.columns.items():
        if column.type == "number":
            yield from _numeric_dates(raw[name].drop_nulls())
    for name in _texts(raw, schema):
        values = sample(raw.select(name).drop_nulls(), N_SAMPLE)[name]
        looks = values.head(1000).str.contains(f"{LOOKS_LIKE_DATE}|^\\d{{8,10}}$").mean() or 0
        if not isinstance(looks, float) or looks < MIN_DATES:
            continue
        formats, rest = _formats(values)
        if len(values) - len(rest) < MIN_DATES * len(values):
            continue
        both = [not _dates(values, form).null_count() for form in SLASHED]
        if set(SLASHED) <= set(formats):
            yield _slashed(name, values, formats)
        elif all(both):
            line = f'{PATH}: {name}: {{type: date, format: "{SLASHED[1]}"}}'
            evidence = f"day or month first, both fit: {shown(values)}"
            yield Suspect([name], "dates", "ask", len(values), evidence, f"{line}, or {SLASHED[0]}")
        elif len(formats) > 1 or len(rest):
            line = f'{{type: date, format: "{" or ".join(formats)}"}}'
            evidence = f"dates in different forms: {shown(_examples(values, formats))}"
            if len(rest):
                evidence += f", and cells that are none: {shown(rest)}"
            n_rows = len(values) - int(_dates(values, formats[0]).count())
            yield Suspect([name], "dates", "warn", n_rows, evidence, f"{PATH}: {name}: {line}")


def _dates(values: pl.Series, form: str) -> pl.Series:
    return parse(values, CellFormat(type="date", format=form))


def _numeric_dates(values: pl.Series) -> Iterator[Suspect]:
    """Numbers that are all dates as 20241231, or seconds since 1970 between 2000 and 2040."""
    whole = values.head(1000).cast(pl.Float64, strict=False)
    low, high = whole.min(), whole.max()
    if not isinstance(low, float) or not isinstance(high, float) or (whole % 1 != 0).any():
        return
    form = "%Y%m%d" if 19000101 <= low <= high <= 21001231 else "%s"
    if form == "%s" and not 9.4e8 < low < high < 2.3e9:
        return
    if not _dates(values, form).null_count():
        name, n_distinct = values.name, whole.n_unique()
        line = f'{PATH}: {name}: {{type: date, format: "{form}"}}'
        advice = f"{line}; or if it is a number: {accept_line([name], 'dates')}"
        evidence = f"numbers that can be read as dates: {shown(values)}"
        if n_distinct >= MIN_DISTINCT:
            yield Suspect([name], "dates", "ask", len(values), evidence, advice)


def _formats(values: pl.Series) -> tuple[list[str], pl.Series]:
    """The formats that parse the cells, the commonest first, and the cells that none parses."""
    found: list[str] = []
    rest, counts = values, {}
    for form in (*DATE_FORMATS, *MONTH_FORMATS, *SLASHED, *NUMERIC):
        known = _dates(values.head(1000), form).count()
        counts[form] = known
    for form in sorted(counts, key=lambda one: -counts[one]):
        parsed = _dates(rest, form)
        if parsed.count() >= max(1, MIN_FORMAT_SHARE * len(values)):
            found.append(form)
            rest = rest.filter(parsed.is_null())
    return found, rest


def _examples(values: pl.Series, formats: list[str]) -> list[str]:
    """A cell in each format."""
    rest, found = values, []
    for form in formats:
        parsed = _dates(rest, form)
        found += rest.filter(parsed.is_not_null()).head(1).to_list()
        rest = rest.filter(parsed.is_null())
    return found


def _slashed(name: str, values: pl.Series, formats: list[str]) -> Suspect:
    evidence = f"day first and month first: {shown(_examples(values, formats))}"
    advice = "which is which is lost where both are below 13: export the file with ISO dates"
    return Suspect([name], "dates", "warn", len(values), evidence, advice)
