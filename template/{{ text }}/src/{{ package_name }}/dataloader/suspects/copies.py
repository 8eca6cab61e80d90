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
MIN_SHARE, MIN_ROWS, N_SHOWN = 0.005, 3, 3


def copies(
    texts: Sequence[str], rows: pl.Series, part: Any, labels: pl.Series | None
) -> Iterator[Suspect]:
    """rows: number of each text in the file. labels: classes; None where there are none."""
    pairs, least = near(texts), max(MIN_ROWS, MIN_SHARE * len(texts))
    same = [pair for pair in pairs if texts[pair[0]].split() == texts[pair[1]].split()]
    apart = [pair for pair in pairs if part[pair[0]] != part[pair[1]]]
    odd = [] if labels is None else [pair for pair in pairs if labels[pair[0]] != labels[pair[1]]]
    target = "" if labels is None else labels.name
    drop = "data.duplicates: drop, where all columns are equal; else leave them out of the file"
    group = "data.split: {by: group, column: ...} with a column that such texts share"
    across = f"{len(apart)} pairs of texts in two parts are copies, or nearly"
    differ = f"{len(odd)} pairs of texts that are copies, or nearly, have different {target}"
    repeated = f"{len(same)} of {len(texts)} texts repeat an earlier one"
    for column, fault, found, evidence, fix in (
        (ROWS, "duplicates", same, repeated, drop),
        (ROWS, "near copies", apart, across, group),
        (target, "labels", odd, differ, "look at their labels"),
    ):
        if found:
            severity: Severity = "warn" if len(found) >= least else "ask"
            evidence += f": rows {_named(found, rows)}"
            yield Suspect([column], fault, severity, len(found), evidence, fix)


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
    return len(np.intersect1d(one, other, assume_unique=True)) / len(np.union1d(one, other))


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


def _named(pairs: Sequence[tuple[int, int]], rows: pl.Series) -> str:
    named = [f"{rows[a]} and {rows[b]}" for a, b in pairs[:N_SHOWN]]
    return ", ".join(named) + (", ..." if len(pairs) > N_SHOWN else "")
