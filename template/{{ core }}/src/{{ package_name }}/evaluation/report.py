"""One HTML page about a run, and the table in the model card."""

import importlib.resources
import json
from pathlib import Path
from typing import Any

from ..utils.files import replacing, write_text
from .text import interval_text, metric_text, number_text

CARD = Path("docs", "model-card.md")
BEGIN, END = "<!-- metrics:begin -->", "<!-- metrics:end -->"
SCRIPT = "plotly.min.js"


def write_report(
    root: Path, path: Path, evaluation: dict[str, Any], record: dict[str, Any]
) -> None:
    """Write the page beside the run's record; the plot library lies once in logs/.

    Pages that components have written to reports/ are linked.
    """
    write_script(root)
    pages = sorted((root / "reports").glob("*.html"))
    page = render(
        "evaluation/report.html",
        evaluation=evaluation,
        record=record,
        # "</" would end the script element that holds the figures.
        figures=json.dumps(figures(evaluation)).replace("</", "<\\/"),
        pages=[("../../reports/" + page.name, page.stem.replace("-", " ")) for page in pages],
        script=f"../{SCRIPT}",
    )
    write_text(path, page)


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


def figures(evaluation: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Plotly figures as plain data, by the id of their place in the page."""
    curve, metric = evaluation["learning_curve"], metric_text(evaluation["metric"])
    lines = [_line(part, curve["n_rows"], curve[part]) for part in ("train", "valid")]
    bins = evaluation["calibration"]["bins"]
    stated = [one["stated"] for one in bins]
    observed = _line("observed", stated, [one["observed"] for one in bins])
    observed["error_y"] = {
        "array": [one["high"] - one["observed"] for one in bins],
        "arrayminus": [one["observed"] - one["low"] for one in bins],
    }
    ends = [min(stated), max(stated)]
    if "confusion" in evaluation:
        ends = [0.0, 1.0]
    diagonal = _line("perfect", ends, ends) | {"mode": "lines"}
    diagonal["line"] = {"dash": "dash", "color": "#8595a5"}
    if "residuals" in evaluation:
        points = evaluation["residuals"]
        scatter = {"x": points["y_pred"], "y": points["error"], "mode": "markers"}
        errors = _figure([scatter], "prediction", "prediction minus truth")
    else:
        table = evaluation["confusion"]
        heat = {"type": "heatmap", "z": table["counts"], "texttemplate": "%{z}"}
        heat |= {"x": table["classes"], "y": table["classes"], "showscale": False}
        heat["colorscale"] = [[0, "#eef3f8"], [1, "#1f6fb2"]]
        errors = _figure([heat], "predicted class", "true class")
        errors["layout"]["xaxis"]["type"] = "category"  # classes "0" and "1" are no numbers
        errors["layout"]["yaxis"] |= {"type": "category", "autorange": "reversed"}
    return {
        "learning-curve": _figure(lines, "rows of train", metric),
        "calibration": _figure([observed, diagonal], "predicted", "observed"),
        "errors": errors,
    }


def _line(name: str, x: list[Any], y: list[Any]) -> dict[str, Any]:
    return {"name": name, "x": x, "y": y, "mode": "lines+markers"}


def _figure(data: list[dict[str, Any]], x: str, y: str) -> dict[str, Any]:
    margin = {"l": 60, "r": 20, "t": 30, "b": 50}
    axes = {
        "xaxis": {"title": {"text": x}, "automargin": True, "zeroline": False},
        "yaxis": {"title": {"text": y}, "automargin": True, "zeroline": False},
    }
    return {"data": data, "layout": {**axes, "margin": margin, "height": 340}}


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
