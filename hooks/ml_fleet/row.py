"""What is reported of one repository: a line of the table, and of the JSON lines."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from ml_checklist.state import gate as gates

TEXT = {"name", "place", "template", "version", "scaffold", "phase", "gate", "date", "error"}


class Row(NamedTuple):
    """One repository.

    place: where it was read. version: of the template. gate: the one it works on, with `met` of
    `total` items. holds: whether the phase it declares is true. stale, waived: ids of items.
    error: why it could not be read; then nothing else is known.
    """

    name: str
    place: str
    template: str = ""
    version: str = ""
    scaffold: str = ""
    phase: str = ""
    gate: str = ""
    met: int = 0
    total: int = 0
    holds: bool = False
    stale: tuple[str, ...] = ()
    waived: tuple[str, ...] = ()
    date: str = ""
    error: str = ""


def failed(place: str, why: str) -> Row:
    """A repository that could not be read."""
    return Row(name=place.rstrip("/").rpartition("/")[2] or place, place=place, error=why)


def of_report(report: Mapping[str, Any], place: str, **known: str) -> Row:
    """The row of what `checklist report --format json` says.

    known: name, template, version and scaffold, where the report itself does not say them.
    Raises ValueError where it is not such a report.
    """
    try:
        phase = str(report["phase"])
        working, claimed = gates.working_towards(phase), gates.claimed(phase)
        gate = report["gates"][working]
        holds = claimed is None or bool(report["gates"][claimed]["holds"])
        numbers = int(gate["met"]), int(gate["total"])
        counted = [item for item in report["items"] if item["counts"]]
        states = [(str(item["id"]), item["state"]) for item in counted]
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"not a report of the checklist: {type(error).__name__} {error}") from None
    origin = {**(report.get("template") or {}), **known}
    name = known.get("name") or str(report.get("project") or "") or failed(place, "").name
    return Row(
        name=name,
        place=place,
        template=str(origin.get("template") or origin.get("source") or ""),
        version=str(origin.get("version") or ""),
        scaffold=str(origin.get("scaffold") or ""),
        phase=phase,
        gate=working,
        met=numbers[0],
        total=numbers[1],
        holds=holds,
        stale=tuple(name for name, state in states if state == "stale"),
        waived=tuple(name for name, state in states if state == "waived"),
        date=str(report.get("date") or ""),
    )


def of_line(line: Mapping[str, Any], place: str) -> Row:
    """The row of one JSON line: one of ours, or a whole report. Raises ValueError otherwise."""
    if "gates" in line:
        return of_report(line, place)
    if odd := set(line) ^ set(Row._fields):
        raise ValueError(f"neither a report nor a line of this command: {', '.join(sorted(odd))}")
    if wrong := [name for name in TEXT if not isinstance(line[name], str)]:
        raise ValueError(f"{', '.join(sorted(wrong))} must be text")
    lists = {name: tuple(map(str, line[name])) for name in ("stale", "waived")}
    return Row(**{**line, **lists})


def to_line(row: Row) -> dict[str, Any]:
    """The row as JSON holds it."""
    return row._asdict()


def rank(row: Row) -> tuple[Any, ...]:
    """Where somebody should look first: unreadable, claiming too much, stale, waived."""
    return not row.error, row.holds, -len(row.stale), -len(row.waived), row.name
