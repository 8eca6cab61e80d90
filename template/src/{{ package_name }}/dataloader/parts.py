"""Write and read the parts of the split; one of them is opened by `evaluate` alone."""

from pathlib import Path

import polars as pl

from ..utils.files import replacing
from .split import PARTS

HELD_OUT = PARTS[-1]


def part_path(root: Path, name: str) -> Path:
    """Where a part is kept."""
    return root / "data" / name / "part-0.parquet"


def write_part(root: Path, name: str, rows: pl.DataFrame) -> None:
    """Replace a part's file."""
    with replacing(part_path(root, name)) as temporary:
        rows.write_parquet(temporary, compression="zstd")


def read_part(root: Path, name: str, *, for_evaluation: bool = False) -> pl.DataFrame:
    """The typed rows of a part, with their number in the file as `_row`.

    Raises ValueError for the held-out part unless the caller says that it evaluates.
    """
    if name not in PARTS:
        raise ValueError(f"there is no part '{name}'; there are {', '.join(PARTS)}")
    if name == HELD_OUT and not for_evaluation:
        raise ValueError(f"the {HELD_OUT} part is opened by `evaluate` alone")
    return pl.read_parquet(part_path(root, name))
