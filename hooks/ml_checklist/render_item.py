"""One item as a person reads it at the terminal."""

from typing import Any

from ml_checklist.render_text import EFFORT, wrapped
from ml_checklist.state import Status
from ml_checklist.style import MARKS, clean, paint


def one_item(status: Status) -> str:
    """Everything about one item."""
    item, data = status.item, status.item.data
    lines = [f"{paint(item.id, 'bold')}  {item.title}", ""]
    lines += wrapped(f"{MARKS[status.state]}: {clean(status.sentence)}")
    facts = [item.phase, item.level, item.kind, EFFORT[data["effort"]], f"rev {item.rev}"]
    facts += [f"when {data['when']}"] if "when" in data else []
    lines += wrapped(", ".join(facts))
    lines += ["", *wrapped(f"why: {data['why']}"), *wrapped(f"how: {data['how']}")]
    if "went_wrong" in data:
        lines += wrapped(f"went wrong: {data['went_wrong']['title']}  {data['went_wrong']['url']}")
    lines += _vouching(status)
    lines += _links("methods", [_method(each) for each in data.get("methods") or ()])
    lines += _links(
        "options", [f"{o['name']}: {o['what']}  {o['url']}" for o in data.get("options") or ()]
    )
    lines += _links(
        "read", [f"{r['title']} ({r['kind']})  {r['url']}" for r in data.get("refs") or ()]
    )
    return "\n".join(lines)


def _method(method: dict[str, Any]) -> str:
    paper = method.get("paper")
    return f"{method['name']}: {paper['title']}  {paper['url']}" if paper else method["name"]


def _vouching(status: Status) -> list[str]:
    lines = []
    if status.blocked_by:
        lines.append(f"waits for {', '.join(status.blocked_by)}")
    if status.tick:
        tick = status.tick
        lines.append(f"{tick['status']}, {tick['by']}, {tick['date']}, rev {tick['item_rev']}")
        lines += [
            f"evidence {each.get('path') or each.get('url')}" for each in tick.get("evidence", ())
        ]
    if status.waiver:
        waiver = status.waiver
        lines.append(f"waived until {waiver['until']} by {waiver['approver']}: {waiver['reason']}")
    return ["", *(f"    {clean(line)}" for line in lines)] if lines else []


def _links(title: str, entries: list[str]) -> list[str]:
    if not entries:
        return []
    return ["", f"{title}", *(line for entry in entries for line in wrapped(entry))]
