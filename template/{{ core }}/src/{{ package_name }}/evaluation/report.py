"""One HTML page about a run, and the table in the model card."""

import importlib.resources
from pathlib import Path
from typing import Any

from ..utils.files import read_json, replacing, write_text
from .text import interval_text, metric_text, number_text

CARD = Path("docs", "model-card.md")
BEGIN, END = "<!-- metrics:begin -->", "<!-- metrics:end -->"
SCRIPT = "plotly.min.js"


def write_report(
    root: Path,
    path: Path,
    evaluation: dict[str, Any],
    record: dict[str, Any],
    shown: dict[str, Any],
) -> None:
    """Write the page beside the run's record; pages in reports/ are linked. shown: of `show`."""
    write_script(root)
    names = [page.name for page in sorted((root / "reports").glob("*.html"))]
    values = {"evaluation": evaluation, "record": record, "pages": names, "script": f"../{SCRIPT}"}
    values["shown"] = shown
    columns = _columns(root, evaluation)
    write_text(path, render("evaluation/report.html", **values, columns=columns))


def _columns(root: Path, evaluation: dict[str, Any]) -> list[dict[str, Any]]:
    """The columns of reports/profile.json with suspicions and importance, suspects first."""
    path, found = root / "reports" / "profile.json", []
    for one in read_json(path)["columns"] if path.is_file() else []:
        faults = [s["fault"] for s in evaluation["suspects"] if one["name"] in s["columns"]]
        importance = evaluation["importances"].get(one["name"])
        found.append({**one, "faults": faults, "importance": importance})
    return sorted(found, key=lambda one: (not one["faults"], -(one["importance"] or 0)))


def write_script(root: Path) -> None:
    """Write plotly's script to logs/, unless it is there; pages in reports/ name it as well."""
    script = root / "logs" / SCRIPT
    if not script.is_file():
        content = importlib.resources.files("plotly") / "package_data" / SCRIPT
        with replacing(script) as temporary:
            temporary.write_bytes(content.read_bytes())


def render(template: str, **values: Any) -> str:
    """The page of a Jinja template below src/<package>/; values are escaped.

    `number` is a filter. A component's template extends evaluation/page.html.
    """
    from jinja2 import Environment, PackageLoader

    loader = PackageLoader(str(__package__).partition(".")[0], "")
    environment = Environment(loader=loader, autoescape=True)
    environment.filters["number"] = lambda value: "-" if value is None else number_text(value)
    environment.filters["short"] = lambda value: (
        f"{value:.5g}" if isinstance(value, float) else str(value).removesuffix(" 00:00:00")
    )
    return environment.get_template(template).render(values)


def fill_model_card(root: Path, evaluation: dict[str, Any]) -> None:
    """Replace what stands between the two markers of docs/model-card.md, where they are."""
    path = root / CARD
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if begin and end:
        write_text(path, f"{before}{BEGIN}\n{_metrics_table(evaluation)}\n{END}{after}")


def _metrics_table(evaluation: dict[str, Any]) -> str:
    baseline = evaluation["baseline"]
    lines = [
        f"Run {evaluation['run']}, {evaluation['n_rows']} rows of the test part; in brackets the "
        f"{evaluation['level']:.0%} interval.",
        "",
        f"| metric | model | baseline ({baseline['name']}) |",
        "|---|---|---|",
    ]
    for name, one in evaluation["metrics"].items():
        other = number_text(baseline["metrics"][name]["value"])
        lines.append(f"| {metric_text(name)} | {interval_text(one)} | {other} |")
    return "\n".join(lines)
