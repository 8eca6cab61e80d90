"""The groups of rows that a result is broken down by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import polars as pl

    from ..dataloader.contract import Contract


def slices(
    table: pl.DataFrame, contract: Contract, chosen: Sequence[str]
) -> dict[str, NDArray[Any]]:
    """Column name -> its cells, shape (n_rows,); evaluation.slices cuts numbers and dates.

    chosen: columns of the table; empty means every categorical and boolean feature.
    Raises ValueError on a column that there is not.
    """
    known = {column.name for column in contract.columns} - {contract.target.name}
    if odd := [name for name in chosen if name not in known]:
        raise ValueError(
            f"conf/default.yaml: evaluation.slices: there is no column '{odd[0]}' to slice by; "
            f"there are {', '.join(sorted(known)[:20])}"
        )
    words = [c.name for c in contract.features if c.kind in ("categorical", "boolean")]
    return {name: _cells(table[name]) for name in chosen or words}


def _cells(cells: pl.Series) -> NDArray[Any]:
    """Numbers (NaN where empty), moments (NaT) or texts (None)."""
    if cells.dtype.is_numeric():
        return np.asarray(cells.to_numpy(), dtype=np.float64)
    if cells.dtype.is_temporal():
        return np.asarray(cells.to_numpy(), dtype="datetime64[us]")
    return np.array([None if text is None else str(text) for text in cells.to_list()], dtype=object)
