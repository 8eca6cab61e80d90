"""Where the records of a CSV end: at line ends that no quoted cell holds."""

import numpy as np
from numpy.typing import NDArray

QUOTE, LINE_END, RETURN = (ord(sign) for sign in '"\n\r')
Places = NDArray[np.int64]
Choice = NDArray[np.bool_]


def n_whole(data: bytes) -> int:
    """How many bytes the whole records of `data` have."""
    if b'"' not in data:
        return data.rfind(b"\n") + 1
    ends = record_ends(data)
    return int(ends[-1]) + 1 if len(ends) else 0


def record_ends(data: bytes) -> Places:
    """The line ends that end records."""
    return _outside_quotes(data, LINE_END)


def all_ends(data: bytes) -> Places:
    """The same, and the end of a last record that no line end follows."""
    ends = record_ends(data)
    whole = len(ends) and ends[-1] == len(data) - 1
    return ends if whole else np.append(ends, len(data))


def n_cells(data: bytes, separator: str, ends: Places) -> Places:
    """How many cells each record has."""
    before = np.searchsorted(_outside_quotes(data, ord(separator)), ends)
    counts: Places = np.diff(before, prepend=0) + 1
    return counts


def blank(data: bytes, starts: Places, ends: Places) -> Choice:
    """Which records are empty lines."""
    signs = np.frombuffer(data, np.uint8)
    length = ends - starts
    lone = (length == 1) & (signs[np.minimum(starts, len(signs) - 1)] == RETURN)
    found: Choice = (length == 0) | lone
    return found


def kept(data: bytes, starts: Places, ends: Places, chosen: Choice) -> bytes:
    """The chosen records alone."""
    if chosen.all():
        return data
    signs = np.frombuffer(data, np.uint8)
    after = np.minimum(ends + 1, len(data))
    left = signs[np.repeat(chosen, after - starts)].tobytes()
    return left if left.endswith(b"\n") else left + b"\n"


def _outside_quotes(data: bytes, sign: int) -> Places:
    """Where a sign stands with an even number of quotes before it; a doubled quote counts two."""
    signs = np.frombuffer(data, np.uint8)
    places = np.flatnonzero(signs == sign)
    quotes = np.flatnonzero(signs == QUOTE)
    if not len(quotes):
        return places
    even: Places = places[np.searchsorted(quotes, places) % 2 == 0]
    return even
