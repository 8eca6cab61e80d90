"""Keys of `data` in conf/default.yaml that this kind of data has beside the common ones."""

from typing import Annotated, Any, Literal

import polars as pl
from pydantic import Field

from .section import Section

Side = Annotated[int, Field(ge=4, le=4096)]


class Keys(Section):
    """image: the column with the images, the only feature. folder: where its relative paths
    begin; None: at the project folder.

    image_size: height and width that every image is brought to, in pixels. channels: 1 for shades
    of grey, 3 for red, green and blue.
    """

    image: str = "image"
    folder: str | None = None
    image_size: tuple[Side, Side] = (64, 64)
    channels: Literal[1, 3] = 3

    def rules(self, cells: pl.Series) -> dict[str, Any]:
        """What conf/schema.yaml holds of a column whatever its cells look like."""
        return {"type": "image", "categories": None} if cells.name == self.image else {}

    def preprocessing(self) -> dict[str, Any]:
        """Keywords of the Preprocessor."""
        return {"column": self.image, "size": self.image_size, "channels": self.channels}
