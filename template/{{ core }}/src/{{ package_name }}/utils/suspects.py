"""A suspicion about the data: what was seen, where, and what settles it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import polars as pl

Severity = Literal["leak", "warn", "ask"]
# The place of a suspicion about whole rows, beside the names of columns.
ROWS = "rows"
# What can be found, in the words of data.accept.
FAULTS = (
    "dirty numbers",
    "dates",
    "sentinel",
    "constant",
    "identical columns",
    "duplicates",
    "near copies",
    "groups",
    "leak",
    "formula",
    "group mean",
    "level",
    "gaps",
    "future covariate",
    "labels",
    "few examples",
    "parts differ",
    "too good",
    "encoding",
    "text length",
)
N_CELLS = 3
MAX_NAMED = 5


@dataclass(frozen=True)
class Suspect:
    """columns: names, or [ROWS]. fault: one of FAULTS. n_rows: how many rows are concerned.

    severity: leak: the result would not be true; warn: probably a fault; ask: a fault or a fact,
    which only a person can tell. evidence: what was seen. fix: what settles it if it is a fault.
    """

    columns: list[str]
    fault: str
    severity: Severity
    n_rows: int
    evidence: str
    fix: str

    def to_json(self) -> dict[str, Any]:
        """An entry of `suspects` in reports/profile.json; its advice is the fix, or to accept."""
        entry = asdict(self)
        accept = f"data.accept: {{{self.columns[0]}: [{self.fault}]}}"
        return entry | {"advice": f"{entry.pop('fix')}; or {accept}"}


def settled(suspect: Suspect, accept: Mapping[str, Sequence[str]]) -> bool:
    """Whether data.accept names this fault for one of its columns."""
    return any(suspect.fault in accept.get(name, ()) for name in suspect.columns)


def untrue(suspects: Iterable[Mapping[str, Any]]) -> str:
    """What makes every score untrue, a leak or a wrong unit, in words; empty if nothing."""
    found = [f"{one['fault']} of {named(one['columns'])}" for one in suspects if _is_untrue(one)]
    return ", ".join(found)


def _is_untrue(suspect: Mapping[str, Any]) -> bool:
    # A step by the factor of a known unit; other steps are questions.
    is_unit = (suspect["fault"], suspect["severity"]) == ("level", "warn")
    return suspect["severity"] == "leak" or is_unit


def shown(cells: Iterable[Any]) -> str:
    """The first cells, quoted: `'0.7 ct', '1.2 ct'`."""
    texts = [f"{cell:g}" if isinstance(cell, float) else str(cell) for cell in cells]
    return ", ".join(f"'{text[:30]}'" for text in list(dict.fromkeys(texts))[:N_CELLS])


def named(columns: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    more = len(columns) - MAX_NAMED
    return ", ".join(columns[:MAX_NAMED]) + (f" and {more} more" if more > 0 else "")


def sample(table: pl.DataFrame, n_rows: int, seed: int = 0) -> pl.DataFrame:
    """At most n_rows rows in their order, drawn with a seed."""
    if len(table) <= n_rows:
        return table
    chosen = np.random.default_rng(seed).choice(len(table), n_rows, replace=False)
    return table[np.sort(chosen)]


def numbers(cells: pl.Series) -> Any:
    """Values as float64, NaN where empty, shape (n_rows,); a date is its number of ticks.

    Of a list of numbers it is the last one.
    """
    cells = cells.list.last() if cells.dtype.is_nested() else cells
    plain = cells.to_physical() if cells.dtype.is_temporal() else cells
    return plain.cast(pl.Float64).fill_null(float("nan")).to_numpy()


def codes(cells: pl.Series) -> Any:
    """A whole number for each distinct value, shape (n_rows,); null has one of its own."""
    return cells.rank("dense").fill_null(0).to_numpy().astype(np.int64)
