"""Make one row an example: complete its path, and check its image."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import polars as pl
from pydantic import AfterValidator, Field

from ..configs.settings import Data
from ..utils import images
from .facts import changed_images

INDEX = "images"  # the name of the list of all images in the manifest


def to_examples(table: pl.DataFrame, data: Data, *, to_predict: bool) -> pl.DataFrame:
    """Paths begin at the project folder. to_predict: targets may be unknown."""
    if data.image not in table.columns:
        found = f"the file has the columns {', '.join(table.columns[1:6])}"
        raise ValueError(f"conf/default.yaml: data.image: no column '{data.image}'; {found}")
    if data.folder is None:
        return table
    cell, folder = pl.col(data.image), f"{data.folder.rstrip('/')}/"
    is_whole = pl.any_horizontal(cell.str.starts_with(p) for p in (folder, "/", images.INLINE))
    whole = pl.when(is_whole).then(cell).otherwise(pl.lit(folder) + cell)
    return table.with_columns(whole.alias(data.image))


def labels(data: Data) -> list[str]:
    """The columns that name a row of predictions beside its number: none."""
    return []


def compared(rows: pl.DataFrame, y: Any, data: Data) -> tuple[pl.DataFrame, Any]:
    """The features and the target as checks for leaks look at them: a path is no value."""
    return rows.drop(data.image, strict=False), y


def measures(
    rows: pl.DataFrame, values: pl.DataFrame, data: Data
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What is compared between times: of images brightness and contrast, 0 to 255."""
    if data.image not in rows.columns:
        return rows, values
    found = [images.brightness(cell) for cell in rows[data.image]]
    names = [f"{data.image}: brightness", f"{data.image}: contrast"]
    columns = pl.DataFrame(found, schema=dict.fromkeys(names, pl.Float64), orient="row")
    return rows.drop(data.image).hstack(columns), values


def is_unchanged(root: Path, manifest: dict[str, Any]) -> bool:
    """Whether every image of the manifest's index is there with the content it had."""
    lists = [root / file["file"] for file in manifest["files"] if file["name"] == INDEX]
    return not any(changed_images(root, path) for path in lists)


def inline(table: pl.DataFrame) -> pl.DataFrame:
    """The rows with the content of their images in place of paths, as a request holds them."""
    cells = [name for name, dtype in table.schema.items() if dtype == pl.String]
    held = [name for name in cells if _can_be_read(table[name].head(1)).all()]
    return table.with_columns(
        pl.col(held).map_elements(images.to_cell, return_dtype=pl.String) if held else []
    )


def _can_be_read(cells: pl.Series) -> pl.Series:
    wrong = [cell is not None and images.problem(cell) is not None for cell in cells]
    return ~pl.Series(cells.name, wrong, dtype=pl.Boolean)


# Type of a column -> rules beyond those of its values: (in words, column -> which cells are valid).
CELL_RULES: dict[str, list[tuple[str, Callable[[pl.Series], pl.Series]]]] = {
    "image": [("must be a file with an image that can be read", _can_be_read)]
}
BASE64: dict[str, Any] = {"contentEncoding": "base64", "contentMediaType": "image/png"}
# Type of a column -> pydantic's type of its values in a request, beyond those of all kinds.
REQUEST_CELLS: dict[str, Any] = {
    "image": Annotated[
        str,
        Field(max_length=images.MAX_CHARACTERS, json_schema_extra=BASE64),
        AfterValidator(images.from_request),
    ]
}
