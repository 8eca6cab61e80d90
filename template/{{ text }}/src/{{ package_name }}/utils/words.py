"""Split texts into words, and count their n-grams by hash."""

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

import polars as pl

N_HASHES = 2**14  # on the sample 2**18 is better by no more than chance, and takes 20 times as long
# Punctuation of Unicode; ASCII's symbols count as such too, as in BERT.
_BLOCKS = (range(0xA0, 0x3100), range(0xFE00, 0x10000))
_OTHER = (c for block in _BLOCKS for c in map(chr, block) if unicodedata.category(c)[0] == "P")
_MARKS = re.escape(string.punctuation + "".join(_OTHER))
# A sign, a Chinese character, or a word.
_CHINESE = "\u3400-\u4dbf\u4e00-\u9fff"
WORD = re.compile(rf"[{_MARKS}]|[{_CHINESE}]|[^\s{_CHINESE}{_MARKS}]+")


def words(text: str) -> list[str]:
    """Words and signs in lower case, without accents.

    Source: Devlin and others (2019), BERT, arXiv:1810.04805: its uncased models do the same.
    """
    plain = text.lower()
    if not plain.isascii():
        plain = unicodedata.normalize("NFD", plain)
        plain = "".join(c for c in plain if unicodedata.category(c) not in ("Mn", "Cf", "Cc"))
    return WORD.findall(plain)


def ngrams(text: str) -> Iterator[str]:
    """The words, and pairs of words that follow each other."""
    found = words(text)
    yield from found
    yield from map(" ".join, pairwise(found))


def hashed(texts: Iterable[str | None]) -> Any:
    """Counts of n-grams by hash, each row of length 1; a sparse float32 (n_rows, N_HASHES).

    Nothing is learnt, so there is no vocabulary that could differ from that of training.
    Source: Weinberger and others (2009), Feature Hashing for Large Scale Multitask Learning.
    """
    import numpy as np
    from sklearn.feature_extraction.text import HashingVectorizer

    model = HashingVectorizer(
        analyzer=ngrams, n_features=N_HASHES, alternate_sign=False, dtype=np.float32
    )
    return model.transform([text or "" for text in texts])


def texts(cells: pl.Series) -> list[str]:
    """The cells; an empty one is an empty text."""
    return [str(cell) for cell in cells.fill_null("")]


def names_of_hashes(texts: Iterable[str], min_count: int = 1) -> dict[int, str]:
    """Column of `hashed` -> the commonest n-gram of the texts that it counts; commonest first."""
    from sklearn.feature_extraction import FeatureHasher

    counts = Counter(one for text in texts for one in ngrams(text)).most_common()
    names = [name for name, count in counts if count >= min_count]
    hasher = FeatureHasher(N_HASHES, input_type="string", alternate_sign=False)
    found: dict[int, str] = {}
    for place, name in zip(hasher.transform([one] for one in names).indices, names, strict=True):
        found.setdefault(int(place), name)
    return found
