"""Texts with broken characters, without words, or far longer than the others."""

import re
from collections.abc import Iterator, Sequence

from ...utils.suspects import Suspect, shown
from ...utils.words import words

LOST = "\ufffd"  # what a decoder writes in place of bytes that it cannot read
HIGH = re.compile(r"[\x80-\uffff]{2,}")
FAR = 20  # times the median


def broken(texts: Sequence[str], name: str) -> Iterator[Suspect]:
    """UTF-8 that was read as another encoding, such as Ã¼ for ü, and lost characters."""
    found = [part for text in texts if (part := _broken(text))]
    if found:
        evidence = f"{len(found)} texts were decoded with a wrong encoding: {shown(found)}"
        fix = "decode the source as what it is, and save the file as UTF-8"
        yield Suspect([name], "encoding", "warn", len(found), evidence, fix)


def _broken(text: str) -> str:
    """The first broken place, with what stands before it."""
    if text.isascii():
        return ""
    for place in HIGH.finditer(text):
        try:
            place[0].encode("cp1252").decode("utf-8")
        except UnicodeError:
            continue
        return text[max(0, place.start() - 10) : place.end()]
    at = text.find(LOST)
    return text[max(0, at - 10) : at + 1] if at >= 0 else ""


def lengths(texts: Sequence[str], name: str) -> Iterator[Suspect]:
    """Texts without a single word, and texts FAR longer than the median."""
    counts = [len(words(text)) for text in texts]
    empty = [text for text in texts if not any(c.isalnum() for c in text)]
    if empty:
        evidence = f"{len(empty)} texts hold no word: {shown(empty)}"
        fix = "leave such rows out of the file, or name the text in data.missing"
        yield Suspect([name], "text length", "warn", len(empty), evidence, fix)
    median = sorted(counts)[len(counts) // 2]
    n_long = sum(count > FAR * max(median, 1) for count in counts)
    if n_long:
        evidence = f"{n_long} texts are more than {FAR} times as long as the median of {median} "
        evidence += f"words; the longest has {max(counts)}"
        fix = "cut or split them, as you will when predicting"
        yield Suspect([name], "text length", "ask", n_long, evidence, fix)
