"""Turn texts into ids of tokens, with a vocabulary that is learnt or given."""

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..utils.words import words

VOCABULARY = 4000  # tokens of a learnt vocabulary, at most
SPECIAL = PADDING, UNKNOWN, START, END = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
MIN_COUNT, MAX_ENDING, MAX_WORD = 2, 4, 100
INSIDE = "##"  # begins a token that continues a word


def learn_vocabulary(texts: Iterable[str]) -> list[str]:
    """The special tokens, every character, and the commonest words and endings of words."""
    counts = Counter(word for text in texts for word in words(text))
    characters = Counter[str]()
    endings = Counter[str]()
    for word, count in counts.items():
        characters.update(dict.fromkeys([word[0], *(INSIDE + c for c in word[1:])], count))
        for n in range(2, min(MAX_ENDING, len(word) - 1) + 1):
            endings[INSIDE + word[-n:]] += 1
    first = [*SPECIAL, *_most(characters, VOCABULARY // 2)]
    known = {token: n for token, n in (counts + endings).items() if n >= MIN_COUNT}
    more = Counter({token: n for token, n in known.items() if token not in first})
    return first + _most(more, VOCABULARY - len(first))


def read_vocabulary(path: Path) -> list[str]:
    """The tokens of a file, one a line; raises ValueError where it is none for this tokenizer."""
    where = "conf/default.yaml: data.vocabulary"
    if not path.is_file():
        raise ValueError(f"{where}: no such file: '{path}'")
    tokens = path.read_text(encoding="utf-8").splitlines()
    if missing := [token for token in SPECIAL if token not in tokens]:
        raise ValueError(f"{where}: {path} lacks {', '.join(missing)}; it needs one token a line")
    if tokens[0] != PADDING:
        raise ValueError(f"{where}: {path} must begin with {PADDING}, got {tokens[0]!r}")
    return tokens


class Tokenizer:
    """The longest tokens that make up each word, from left to right.

    Source: Wu and others (2016), Google's Neural Machine Translation System, arXiv:1609.08144.
    """

    def __init__(self, vocabulary: Sequence[str]) -> None:
        self.ids = {token: place for place, token in enumerate(vocabulary)}
        self.pieces = lru_cache(maxsize=1 << 16)(self._pieces)

    def encode(self, text: str, max_tokens: int) -> list[int]:
        """At most max_tokens ids, the start and the end among them."""
        pieces = chain.from_iterable(map(self.pieces, words(text)))
        return [self.ids[START], *islice(pieces, max_tokens - 2), self.ids[END]]

    def encode_all(self, texts: Sequence[str], max_tokens: int) -> NDArray[Any]:
        """Ids, 0 behind the end of a text; int64, shape (n_texts, max_tokens)."""
        X = np.zeros((len(texts), max_tokens), dtype=np.int64)
        for row, text in zip(X, texts, strict=True):
            ids = self.encode(text, max_tokens)
            row[: len(ids)] = ids
        return X

    def _pieces(self, word: str) -> tuple[int, ...]:
        """The ids of a word; that of UNKNOWN where its characters are not all known."""
        found, start = [], 0
        while start < len(word):
            for end in range(len(word), start, -1):
                piece = word[start:end] if start == 0 else INSIDE + word[start:end]
                if piece in self.ids:
                    break
            else:
                return (self.ids[UNKNOWN],)
            found.append(self.ids[piece])
            start = end
        return tuple(found) if len(word) <= MAX_WORD else (self.ids[UNKNOWN],)


def _most(counts: Counter[str], n_tokens: int) -> list[str]:
    """The commonest tokens; of equally common ones the first by name."""
    return sorted(counts, key=lambda token: (-counts[token], token))[:n_tokens]
