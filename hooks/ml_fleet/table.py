"""The fleet as text: what to look at first, a line a repository, the totals."""

from collections import Counter
from collections.abc import Sequence

from ml_fleet.row import Row

HEAD = ("repository", "template", "phase", "gate", "stale", "waived", "")


def table(rows: Sequence[Row]) -> str:
    """Rows in their order, then what could not be read, then the totals."""
    cells = [_cells(row) for row in rows if not row.error]
    widths = [max(len(line[place]) for line in [HEAD, *cells]) for place in range(len(HEAD))]
    lines = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in [HEAD, *cells]]
    lost = [f"{row.place}: {row.error}" for row in rows if row.error]
    parts = [lines if cells else [], ["could not be read:", *lost] if lost else [], [totals(rows)]]
    return "\n\n".join("\n".join(part) for part in parts if part)


def totals(rows: Sequence[Row]) -> str:
    """One sentence on all of them."""
    known = [row for row in rows if not row.error]
    n_false = sum(not row.holds for row in known)
    versions = Counter(row.version or "unknown" for row in known).most_common()
    counts = ", ".join(f"{version} x {count}" for version, count in versions)
    return (
        f"{len(rows)} repositories, {len(rows) - len(known)} could not be read, "
        f"{n_false} do not hold the phase they declare; templates: {counts or 'none'}"
    )


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.name,
        row.version or "unknown",
        row.phase,
        f"{row.gate} {row.met} of {row.total}",
        str(len(row.stale)),
        str(len(row.waived)),
        "" if row.holds else "declares more than holds",
    )
