"""Keys of `data` in conf/default.yaml that this kind of data has beside the common ones."""

from typing import Any

import polars as pl

from .section import Section


class Keys(Section):
    """None: a table needs no more."""

    def rules(self, cells: pl.Series) -> dict[str, Any]:
        """What conf/schema.yaml holds of a column whatever its cells look like: nothing."""
        return {}

    def preprocessing(self) -> dict[str, Any]:
        """Keywords of the Preprocessor: none."""
        return {}
