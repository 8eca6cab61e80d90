"""List the registered models."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ..configs.schema import Config
from ..utils.logs import say

if TYPE_CHECKING:
    from ..model.registry import Entry


def run(config: Config, args: argparse.Namespace) -> int:
    """One line a version, the newest first."""
    from ..model import registry

    listed = registry.entries(args.root)
    if not listed:
        say("models", "none is registered; run `evaluate`, then `register`")
        return 0
    names: dict[str, list[str]] = {}
    for alias, version in registry.aliases(args.root).items():
        names.setdefault(version, []).append(alias)
    for entry in reversed(listed):
        say("models", _line(entry, names.get(entry.version, [])))
    return 0


def _line(entry: Entry, aliases: list[str]) -> str:
    from . import scoring

    facts = entry.facts
    metric = facts["metric"]
    value = scoring.interval(facts["metrics"][metric])
    said = f"{entry.version:>4}  {', '.join(aliases):<12}  {facts['model']:<10}"
    said += f"{scoring.in_words(metric)} {value}  {facts['engine']:<6}run {facts['run']}"
    tampered = entry.tampered()
    return f"{said}  {tampered[0]}" if tampered else said
