"""Turn texts into what an estimator takes; the same object in training and serving."""

import hashlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from ..utils.words import N_HASHES, hashed, texts
from .tokens import Tokenizer, learn_vocabulary, read_vocabulary

PROBE = "Naïve texts: split_me, don't lose 3.5% of “them” (or 中文)!"
Matrix = Any  # a sparse float32 (n_rows, N_HASHES), or int64 (n_rows, max_tokens)


class Preprocessor:
    """Turns a table with a column of texts into a matrix; what it learns comes from `fit` alone.

    native: for networks: ids of tokens, padded or cut to max_tokens. Otherwise counts of words and
    of pairs of words by hash, for which nothing is learnt. text: the column. vocabulary: a file
    in place of the learnt one.

    tokens_: the vocabulary. probe_: what became of PROBE, by which a saved model notices code that
    splits texts otherwise. feature_names_: the matrix's columns.
    """

    categorical_: Sequence[int] = ()  # no column holds codes of categories

    def __init__(
        self,
        native: bool = False,
        trendless: Sequence[str] = (),
        text: str = "text",
        max_tokens: int = 128,
        vocabulary: str | None = None,
    ) -> None:
        self.native, self.text, self.max_tokens = native, text, max_tokens
        self.vocabulary = vocabulary
        self.tokens_: list[str] = []
        self.probe_ = ""
        n_columns = max_tokens if native else N_HASHES
        self.feature_names_ = [f"column {place}" for place in range(n_columns)]

    def fit(self, table: pl.DataFrame) -> "Preprocessor":
        """Learn the vocabulary. table: shape (n_rows, n_columns), with the column of texts."""
        if self.native:
            path, rows = self.vocabulary, texts(table[self.text])
            self.tokens_ = read_vocabulary(Path(path)) if path else learn_vocabulary(rows)
        self.probe_ = self._probe()
        return self

    def transform(self, table: pl.DataFrame) -> Matrix:
        """The matrix of a table with the same column; shape (n_rows, n_features)."""
        if not self.native:
            return hashed(texts(table[self.text]))
        return self.tokenizer.encode_all(texts(table[self.text]), self.max_tokens)

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """With the vocabulary of training."""
        return Tokenizer(self.tokens_)

    def to_json(self) -> dict[str, Any]:
        """Everything that was learnt, for `from_json`."""
        hidden = ("tokenizer", "feature_names_")
        return {name: value for name, value in vars(self).items() if name not in hidden}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "Preprocessor":
        """The transformer that `to_json` described; raises ValueError unless it does the same."""
        made = cls(content["native"], (), content["text"], content["max_tokens"])
        vars(made).update(content)
        if made._probe() != made.probe_:
            where = "utils/words.py or model/tokens.py"
            raise ValueError(f"{where}: splits texts otherwise than when training; train again")
        return made

    def _probe(self) -> str:
        """The digest of the ids or hashes of PROBE."""
        X = self.transform(pl.DataFrame({self.text: [PROBE]}))
        ids = X[0] if self.native else X.indices
        return hashlib.sha256(" ".join(map(str, ids)).encode()).hexdigest()
