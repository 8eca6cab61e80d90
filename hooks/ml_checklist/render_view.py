"""A view of a project as text and as Markdown."""

from ml_checklist.state import Status
from ml_checklist.style import MARKS
from ml_checklist.views import View


def text(view: View) -> str:
    """The view for a terminal."""
    data = view.data
    lines = [data["title"], f"{data['about']}  {data['source']['url']}"]
    for title, rows in view.groups:
        total = (
            f"  {sum(row.points for row in rows):g} of {len(rows)}"
            if view.score is not None
            else ""
        )
        lines += ["", f"{title}{total}"]
        for row in rows:
            score = f"{row.points:<4g}" if view.score is not None else ""
            lines.append(f"  {score}{row.name}: {words(row.statuses)}")
    return "\n".join([*lines, *_verdict(view)])


def markdown(view: View) -> str:
    """The view for a page."""
    data = view.data
    lines = [
        f"# {data['title']}",
        "",
        f"{data['about']} Source: [{data['source']['title']}]({data['source']['url']}).",
    ]
    for title, rows in view.groups:
        scored = view.score is not None
        lines += ["", f"## {title}", "", "| " + ("Points | " if scored else "") + "Entry | Items |"]
        lines.append("|---" * (3 if scored else 2) + "|")
        for row in rows:
            points = f"{row.points:g} | " if scored else ""
            lines.append(f"| {points}{row.name} | {words(row.statuses)} |")
    return "\n".join([*lines, *_verdict(view)])


def words(statuses: list[Status]) -> str:
    """Each item with its state in a word."""
    return (
        ", ".join(f"{status.item.id} ({MARKS[status.state]})" for status in statuses)
        or "no item covers this"
    )


def _verdict(view: View) -> list[str]:
    if view.score is None:
        return []
    return ["", f"Score {view.score:g}, the least of the sums: {view.verdict}."]
