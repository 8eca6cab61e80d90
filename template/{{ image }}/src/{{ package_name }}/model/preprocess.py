"""Decode images to pixels; the same object in training and serving."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..utils.images import read_array

Matrix = NDArray[Any]


class Preprocessor:
    """Turns a column of images into pixels; there is nothing to learn.

    native: for networks: uint8, shape (n_rows, channels, height, width). Otherwise a row of
    numbers in [0, 1]. Mean and spread are learnt from train by the estimator, not here: in a
    network they are in its file and its ONNX. trendless: of the other kinds of data.
    """

    categorical_: Sequence[int] = ()  # none of the pixels is a category

    def __init__(
        self,
        native: bool = False,
        trendless: Sequence[str] = (),
        column: str = "image",
        size: tuple[int, int] = (64, 64),
        channels: int = 3,
    ) -> None:
        self.native, self.column = native, column
        self.size, self.channels = list(size), channels
        self.feature_names_ = self._names()

    def fit(self, table: pl.DataFrame) -> "Preprocessor":
        """Checks that there is an image to learn from. table: with the column of images."""
        if self.column not in table.columns:
            raise ValueError(f"conf/default.yaml: data.image: no column '{self.column}'")
        return self

    def transform(self, table: pl.DataFrame) -> Matrix:
        """The pixels of each row; raises ValueError that names an image that cannot be read."""
        height, width = self.size
        pixels = np.empty((len(table), self.channels, height, width), dtype=np.uint8)
        for place, cell in enumerate(table[self.column]):
            pixels[place] = read_array(cell, (height, width), self.channels)
        if self.native:
            return pixels
        return pixels.reshape(len(table), -1).astype(np.float32) / np.float32(255)

    def to_json(self) -> dict[str, Any]:
        """Everything that `from_json` needs."""
        return {key: value for key, value in vars(self).items() if key != "feature_names_"}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "Preprocessor":
        """The transformer that `to_json` described."""
        return cls(**content)

    def _names(self) -> list[str]:
        """The pixels in the order of a row."""
        if self.native:
            return [self.column]
        places = np.ndindex(self.channels, *self.size)
        return [f"channel {c} row {y} column {x}" for c, y, x in places]
