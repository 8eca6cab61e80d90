"""News as text, and as Markdown for the pull request of an update."""

from itertools import groupby

from ml_checklist.news import WORDS, Entry
from ml_checklist.render_markdown import cell, code
from ml_checklist.style import clean


def text(entries: list[Entry]) -> str:
    """A line an entry."""
    return "\n".join(
        f"{entry.since:7} {entry.word:10} {entry.item:36} {clean(entry.sentence)}"
        for entry in entries
    )


def markdown(entries: list[Entry], versions: tuple[str, str]) -> str:
    """A headline, and a table for each version, newest first."""
    lines = [f"**checklist news** {headline(entries, versions)}", ""]
    for since, group in groupby(entries, key=lambda entry: entry.since):
        lines += [f"| {since} | Item | |", "|---|---|---|"]
        lines += [f"| {e.word} | {code(e.item)} | {cell(e.sentence)} |" for e in group]
        lines.append("")
    return "\n".join(lines)


def headline(entries: list[Entry], versions: tuple[str, str]) -> str:
    """From which version to which, and how much of each kind."""
    before, now = (code(version) if version else "an unknown version" for version in versions)
    counted = {word: sum(entry.word == word for entry in entries) for word in WORDS}
    told = ", ".join(f"{n} {word}" for word, n in counted.items() if n)
    moved = f"The template moves from {before} to {now}: " if versions[0] != versions[1] else ""
    return f"{moved}{told or 'no item of the checklist changes'}."
