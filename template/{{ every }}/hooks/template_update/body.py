"""The text of an update's pull request."""

from typing import NamedTuple

# GitHub takes 65,536 characters; the tail of a log is what tells.
N_LINES, MAX_NEWS = 40, 40_000


class Check(NamedTuple):
    """A target of make, whether it passed, and what it printed."""

    name: str
    green: bool
    output: str


def text(branch: str, news: str, checks: list[Check], conflicts: list[str]) -> str:
    """News first, then what a person has to do."""
    parts = [news if len(news) <= MAX_NEWS else news[:MAX_NEWS].rpartition("\n")[0]]
    parts += [_conflicts(branch, conflicts)] if conflicts else []
    rows = [f"| `{check.name}` | {'green' if check.green else '**red**'} |" for check in checks]
    parts += ["\n".join(["| Check | |", "|---|---|", *rows])] if checks else []
    parts += [_red(check) for check in checks if not check.green]
    parts.append(
        "Merge when CI passes. The bot stops updating a branch that you have committed to. "
        "Close the pull request to skip this version."
    )
    return "\n\n".join(parts) + "\n"


def _conflicts(branch: str, files: list[str]) -> str:
    listed = "\n".join(f"* {code(name)}" for name in files)
    return (
        "**In conflict**: you and the template changed the same lines of\n\n"
        f"{listed}\n\n"
        "The checks were not run. Resolve the conflicts:\n\n"
        f"```\ngit fetch && git switch {branch}\n"
        "git grep -n '^<<<<<<< '        # conflicts that are left\n"
        "make setup check test && git commit --all\ngit push\n```"
    )


def _red(check: Check) -> str:
    lines = check.output.strip().splitlines()[-N_LINES:]
    tail = "\n".join(f"    {line}" for line in lines)
    return f"<details><summary>{check.name}</summary>\n\n{tail}\n\n</details>"


def code(name: str) -> str:
    """A file's name that stays text."""
    return "`" + name.replace("`", "'") + "`"


def escape(line: str) -> str:
    """A line of output that is no mark-up and calls nobody."""
    return line.replace("<", "&lt;").replace("@", "&#64;").replace("`", "'")
