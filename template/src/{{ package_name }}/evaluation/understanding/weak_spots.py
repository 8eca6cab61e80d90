"""Where errors gather: parts of one column, and of two columns together, against chance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..calibration import mean_interval, share_interval
from ..rows import Floats, Rows
from ..slices import parts

Array = NDArray[Any]
# Fewer rows say nothing; a part of nearly all rows says what is known already.
LEAST_ROWS, MOST_SHARE = 10, 0.8
# Rows looked at, and cells of the table (parts by rows) that fit into memory with ease.
MAX_ROWS = 4_000
MAX_CELLS = 12_000_000
# Parts of one column that are crossed with each other.
MAX_CROSSED = 150
N_SHUFFLES = 200
N_SHOWN = 8


@dataclass(frozen=True)
class Part:
    """Some rows, named by the columns and values that they share."""

    where: tuple[tuple[str, str], ...]
    members: NDArray[np.bool_]


def error_of(task: str, rows: Rows) -> Floats:
    """Of each row: 1 for a wrong label and 0 for a right one; of numbers the absolute error."""
    if task == "regression":
        return np.asarray(np.abs(rows.guess - rows.truth), dtype=np.float64)
    return np.asarray(rows.guess != rows.truth, dtype=np.float64)


def weak_spots(
    task: str, error: Floats, columns: Mapping[str, Array], *, level: float, seed: int
) -> dict[str, Any]:
    """one: parts of one column, two: of two columns, each the worst first; and how many were tried.

    error: shape (n_rows,), see error_of. columns: name -> cells as evaluation.slices takes them.
    An entry has where, n_rows, error (their mean), low, high, and by_chance: how often the worst of
    as many parts looks as bad where errors are dealt to the rows at random. That counts the search
    in: of four thousand parts, some look bad in any model.
    Source: Westfall and Young (1993), Resampling-Based Multiple Testing; the search is a plain one,
    compare Sagadeeva and Boehm (2021), SliceLine.
    """
    keep = _some(len(error), seed)
    error = error[keep]
    single = _parts({name: column[keep] for name, column in columns.items()})
    pairs = _crossed(single, error)
    found: dict[str, Any] = {"n_rows": len(error), "error": float(error.mean())}
    for name, listed in (("one", single), ("two", pairs)):
        listed = [part for part in listed if _is_telling(part.members)]
        found[f"n_{name}"] = len(listed)
        found[name] = _worst(task, error, listed, level, seed)
    return found


def by_part(
    task: str, error: Floats, columns: Mapping[str, Array], *, level: float, n_columns: int
) -> list[dict[str, Any]]:
    """Mean error along each column, for the columns along which it differs most.

    An entry has column, differs (share of the errors' variance that its parts explain, less what
    as many random parts would) and parts, in order: value, n_rows, error, low, high.
    """
    found = []
    for name, column in columns.items():
        places = [(value, members) for value, members in parts(column) if len(members)]
        if len(places) > 1:
            found.append(_along(task, error, name, places, level))
    return sorted(found, key=lambda one: -float(one["differs"]))[:n_columns]


def _along(
    task: str, error: Floats, name: str, places: list[tuple[str, Any]], level: float
) -> dict[str, Any]:
    entries = [
        {"value": value, **_described(task, error[members], level)} for value, members in places
    ]
    between = sum(one["n_rows"] * (one["error"] - error.mean()) ** 2 for one in entries)
    within = float(((error - error.mean()) ** 2).sum())
    n_free, n_rows = len(entries) - 1, len(error)
    share = between / within if within else 0.0
    return {"column": name, "differs": share - n_free / max(1, n_rows - 1), "parts": entries}


def _some(n_rows: int, seed: int) -> NDArray[np.intp]:
    if n_rows <= MAX_ROWS:
        return np.arange(n_rows)
    return np.sort(np.random.default_rng(seed).choice(n_rows, MAX_ROWS, replace=False))


def _parts(columns: Mapping[str, Array]) -> list[Part]:
    found = []
    for name, column in columns.items():
        for value, places in parts(column):
            members = np.zeros(len(column), dtype=bool)
            members[places] = True
            found.append(Part(((name, value),), members))
    return found


def _crossed(single: list[Part], error: Floats) -> list[Part]:
    """Parts of two columns, as many as fit: of the parts with the most errors first."""
    n_fit = min(MAX_CROSSED, int((2 * MAX_CELLS / len(error)) ** 0.5))
    listed = [part for part in single if part.members.sum() >= LEAST_ROWS]
    listed.sort(key=lambda part: -_height(part.members, error))
    return [
        Part(one.where + other.where, one.members & other.members)
        for one, other in combinations(listed[:n_fit], 2)
        if one.where[0][0] != other.where[0][0]
    ]


def _height(members: NDArray[np.bool_], error: Floats) -> float:
    return float((error[members].mean() - error.mean()) * members.sum() ** 0.5)


def _is_telling(members: NDArray[np.bool_]) -> bool:
    return bool(LEAST_ROWS <= members.sum() <= MOST_SHARE * len(members))


def _worst(
    task: str, error: Floats, listed: list[Part], level: float, seed: int
) -> list[dict[str, Any]]:
    if not listed or not error.std():
        return []
    table = np.array([part.members for part in listed], dtype=np.float32)
    root = np.sqrt(table.sum(axis=1))
    centred = ((error - error.mean()) / error.std()).astype(np.float32)
    height = (table @ centred) / root
    random = np.random.default_rng(seed)
    dealt = np.array([random.permutation(centred) for _ in range(N_SHUFFLES)], dtype=np.float32)
    highest = ((table @ dealt.T) / root[:, None]).max(axis=0)
    entries, taken = [], np.zeros(len(error), dtype=bool)
    for place in np.argsort(-height, kind="stable"):
        members = listed[place].members
        # What mostly repeats the parts above says nothing new.
        if height[place] <= 0 or (members & taken).sum() > members.sum() / 2:
            continue
        taken |= members
        entries.append(
            {
                "where": [{"column": name, "value": value} for name, value in listed[place].where],
                **_described(task, error[members], level),
                "by_chance": float((highest >= height[place]).mean()),
            }
        )
        if len(entries) == N_SHOWN:
            break
    return entries


def _described(task: str, error: Floats, level: float) -> dict[str, Any]:
    low, high = (mean_interval if task == "regression" else share_interval)(error, level)
    return {"n_rows": len(error), "error": float(error.mean()), "low": low, "high": high}
