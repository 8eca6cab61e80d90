"""The groups of rows that a result is broken down by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import polars as pl

    from ..dataloader.contract import Contract

MISSING = "(missing)"
THIRDS = ("low", "middle", "high")


def slices(
    table: pl.DataFrame, contract: Contract, chosen: Sequence[str]
) -> dict[str, NDArray[Any]]:
    """Column name -> each row's group as text, shape (n_rows,).

    chosen: columns of the table; empty means every categorical and boolean feature. Numbers and
    dates are cut into thirds. Raises ValueError on a column that there is not.
    """
    known = {column.name for column in contract.columns} - {contract.target.name}
    if odd := [name for name in chosen if name not in known]:
        raise ValueError(
            f"conf/default.yaml: evaluation.slices: there is no column '{odd[0]}' to slice by; "
            f"there are {', '.join(sorted(known)[:20])}"
        )
    words = [c.name for c in contract.features if c.kind in ("categorical", "boolean")]
    return {name: _groups(table[name]) for name in chosen or words}


def _groups(cells: pl.Series) -> NDArray[Any]:
    if cells.dtype.is_numeric() or cells.dtype.is_temporal():
        return _thirds(cells.to_physical().to_numpy().astype(np.float64), cells)
    texts = cells.to_list()
    return np.asarray([MISSING if text is None else str(text) for text in texts])


def _thirds(numbers: NDArray[Any], cells: pl.Series) -> NDArray[Any]:
    empty = cells.is_null().to_numpy()
    if empty.all():
        return np.full(len(numbers), MISSING)
    cuts = np.quantile(numbers[~empty], [1 / 3, 2 / 3])
    groups = np.asarray(THIRDS)[np.searchsorted(cuts, np.where(empty, 0, numbers), side="left")]
    return np.where(empty, MISSING, groups)
