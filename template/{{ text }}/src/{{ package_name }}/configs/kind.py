"""Keys of `data` in conf/default.yaml that this kind of data has beside the common ones."""

from typing import Annotated, Any

import polars as pl
from pydantic import Field

from .section import Section

MAX_CHARACTERS = 100_000


class Keys(Section):
    """text: the column with the text, the only feature. max_tokens: a network reads so many.

    vocabulary: a file of tokens, one a line, in place of one that is learnt from train; it comes
    with weights that are to be fine-tuned.
    """

    text: str = "text"
    max_tokens: Annotated[int, Field(ge=8)] = 128
    vocabulary: str | None = None

    def rules(self, cells: pl.Series) -> dict[str, Any]:
        """What conf/schema.yaml holds of a column whatever its cells look like."""
        if cells.name != self.text:
            return {}
        longest = cells.cast(pl.String).str.len_chars().max() or 0
        assert isinstance(longest, int)
        return {"type": "text", "max": float(max(MAX_CHARACTERS, 2 * longest))}

    def preprocessing(self) -> dict[str, Any]:
        """Keywords of the Preprocessor."""
        return {name: getattr(self, name) for name in Keys.model_fields}
