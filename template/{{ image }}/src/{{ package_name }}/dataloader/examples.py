"""Make one row an example: complete its path, and check its image."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl

from ..configs.settings import Data
from ..utils import images
from .facts import changed_images

INDEX = "images"  # the name of the list of all images in the manifest


def to_examples(table: pl.DataFrame, data: Data, *, to_predict: bool) -> pl.DataFrame:
    """Paths begin at the project folder. to_predict: targets may be unknown."""
    if data.image not in table.columns:
        found = f"the file has the columns {', '.join(table.columns[1:6])}"
        raise ValueError(f"conf/default.yaml: data.image: no column '{data.image}'; {found}")
    folder = data.folder.strip("/") if not data.folder.startswith("/") else data.folder.rstrip("/")
    cell = pl.col(data.image)
    is_whole = cell.str.starts_with(f"{folder}/") | cell.str.starts_with(images.INLINE)
    whole = pl.when(is_whole).then(cell).otherwise(pl.lit(f"{folder}/") + cell)
    return table.with_columns(whole.alias(data.image)) if folder else table


def is_unchanged(root: Path, manifest: dict[str, Any]) -> bool:
    """Whether every image of the manifest's index is there with the content it had."""
    lists = [root / file["file"] for file in manifest["files"] if file["name"] == INDEX]
    return not any(changed_images(root, path) for path in lists)


def _can_be_read(cells: pl.Series) -> pl.Series:
    wrong = [cell is not None and images.problem(cell) is not None for cell in cells]
    return ~pl.Series(cells.name, wrong, dtype=pl.Boolean)


# Type of a column -> rules beyond those of its values: (in words, column -> which cells are valid).
CELL_RULES: dict[str, list[tuple[str, Callable[[pl.Series], pl.Series]]]] = {
    "image": [("must be a file with an image that can be read", _can_be_read)]
}
# Type of a column -> what makes a cell of the value in a request; raises ValueError.
FROM_REQUEST: dict[str, Callable[[Any], Any]] = {"image": images.from_request}
