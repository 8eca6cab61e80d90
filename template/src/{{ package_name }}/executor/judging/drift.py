"""Whether the parts of the split are of one distribution: train against valid, and against test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..cases import Case

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

# The shares by bin of so many columns are kept for a figure; of the others the index is enough.
N_DRAWN = 3


def judge(case: Case) -> dict[str, Any]:
    """`parts`: for valid and test every feature and the target, compared with train, worst first.

    Nothing here fails `evaluate`: a split by time is meant to move. It says how far a result on
    test is a result on rows like those of train.
    """
    from ...evaluation.drift import LEVEL, WORTH_A_LOOK, compare

    columns = [*case.problem.contract.features, case.problem.contract.target]
    names = [column.name for column in columns if column.role != "time"]
    before = _cells(case.fitted_on, names)
    parts = {"valid": case.valid, "test": case.test}
    return {
        "level": LEVEL,
        "worth_a_look": WORTH_A_LOOK,
        "n_rows": {"train": len(case.fitted_on), **{name: len(of) for name, of in parts.items()}},
        "parts": {name: _short(compare(before, _cells(of, names))) for name, of in parts.items()},
    }


def _short(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    drawn = ("bins", "before", "after")
    return [
        one if place < N_DRAWN else {key: one[key] for key in one if key not in drawn}
        for place, one in enumerate(found)
    ]


def _cells(rows: pl.DataFrame, names: list[str]) -> dict[str, NDArray[Any]]:
    """Numbers and moments as floats, NaN where empty; everything else as text, None where empty."""
    return {name: _plain(rows[name]) for name in names}


def _plain(cells: pl.Series) -> NDArray[Any]:
    if cells.dtype.is_numeric() or cells.dtype.is_temporal():
        return np.asarray(cells.to_physical().to_numpy(), dtype=np.float64)
    texts = [None if cell is None else str(cell) for cell in cells.to_list()]
    return np.array(texts, dtype=object)
