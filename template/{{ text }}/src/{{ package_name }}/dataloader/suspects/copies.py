"""Texts that repeat others, wholly or nearly, across parts or with another label."""

from collections.abc import Iterator, Sequence
from typing import Any
from zlib import crc32

import numpy as np
import polars as pl

from ...utils.suspects import ROWS, Severity, Suspect
from ...utils.words import words

SHINGLE = 5  # words
ALIKE = 0.5  # shared shingles of two texts against all of both
# Of two texts as alike as that, 94 % share a band.
N_BANDS, BAND = 21, 3
MIN_SHARE, MIN_ROWS = 0.005, 3
N_SHOWN = 3


def copies(
    texts: Sequence[str], rows: pl.Series, part: pl.Series, labels: pl.Series | None
) -> Iterator[Suspect]:
    """rows: number of each text in the file. labels: classes; None where there are none."""
    pairs = near(texts)
    same = [b for a, b in pairs if texts[a].split() == texts[b].split()]
    parts = part.to_numpy()
    apart = [pair for pair in pairs if parts[pair[0]] != parts[pair[1]]]
    if same:
        evidence = f"{len(same)} of {len(texts)} texts repeat an earlier one"
        fix = "data.duplicates: drop, where all columns are equal; else leave them out of the file"
        yield Suspect([ROWS], "duplicates", _severity(same, texts), len(same), evidence, fix)
    if apart:
        n_rows = len({one for pair in apart for one in pair if parts[one] != "train"})
        evidence = f"{n_rows} texts of valid and test are copies, or nearly, of a text in another "
        evidence += f"part: rows {_named(apart, rows)}"
        fix = "data.split: {by: group, column: ...} with a column that such texts share"
        yield Suspect([ROWS], "near copies", _severity(apart, texts), n_rows, evidence, fix)
    if labels is not None:
        found = labels.to_numpy()
        odd = [pair for pair in pairs if found[pair[0]] != found[pair[1]]]
        if odd:
            evidence = f"{len(odd)} pairs of texts that are copies, or nearly, have different "
            evidence += f"{labels.name}: rows {_named(odd, rows)}"
            fix = "look at their labels"
            severity = _severity(odd, texts)
            yield Suspect([labels.name], "labels", severity, len(odd), evidence, fix)


def near(texts: Sequence[str]) -> list[tuple[int, int]]:
    """Places of texts that are alike, each with an earlier one.

    Source: Broder (1997), On the Resemblance and Containment of Documents.
    """
    sets = [shingles(text) for text in texts]
    signatures = _signatures(sets)
    found: dict[tuple[int, int], None] = {}
    for band in range(N_BANDS):
        first: dict[bytes, int] = {}
        for place, signature in enumerate(signatures[:, band * BAND : (band + 1) * BAND]):
            earlier = first.setdefault(signature.tobytes(), place)
            pair = (earlier, place)
            is_new = earlier != place and pair not in found and len(sets[place])
            if is_new and likeness(sets[earlier], sets[place]) >= ALIKE:
                found[pair] = None
    return sorted(found)


def shingles(text: str) -> Any:
    """Distinct hashes of all runs of SHINGLE words; of a shorter text, one of all its words."""
    own = words(text)
    n = max(1, len(own) - SHINGLE + 1) if own else 0
    runs = (" ".join(own[i : i + SHINGLE]) for i in range(n))
    return np.unique(np.array([crc32(run.encode()) for run in runs], dtype=np.uint64))


def likeness(one: Any, other: Any) -> float:
    """Jaccard's index of two sets of distinct numbers."""
    n_both = len(np.intersect1d(one, other, assume_unique=True))
    return n_both / (len(one) + len(other) - n_both)


def _signatures(sets: Sequence[Any]) -> Any:
    """The lowest of N_BANDS * BAND hashes of each set; shape (n_sets, N_BANDS * BAND)."""
    generator = np.random.default_rng(0)
    factor, shift = generator.integers(1, 2**31, (2, N_BANDS * BAND, 1), dtype=np.uint64)
    prime = np.uint64(2**61 - 1)
    lowest = np.zeros((len(sets), N_BANDS * BAND), dtype=np.uint64)
    for place, own in enumerate(sets):
        if len(own):
            lowest[place] = ((own * factor + shift) % prime).min(axis=1)
    return lowest


def _severity(found: Sequence[Any], texts: Sequence[str]) -> Severity:
    return "warn" if len(found) >= max(MIN_ROWS, MIN_SHARE * len(texts)) else "ask"


def _named(pairs: Sequence[tuple[int, int]], rows: pl.Series) -> str:
    named = [f"{rows[a]} and {rows[b]}" for a, b in pairs[:N_SHOWN]]
    return ", ".join(named) + (", ..." if len(pairs) > N_SHOWN else "")
