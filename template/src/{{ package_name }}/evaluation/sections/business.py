"""What the answers are worth to the people who act on them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..page import figure, paragraph, table, text

ORDER = 15
TITLE = "Worth"
# Words that YAML takes for something else than text.
YAML_WORDS = ("y", "n", "yes", "no", "on", "off", "true", "false", "null")


def section(evaluation: Mapping[str, Any], run: Mapping[str, Any]) -> str | None:
    """Model, baseline and one answer for everybody; or that nobody has said what an error costs."""
    found = evaluation.get("business")
    if not found:
        return None
    if not found["is_said"]:
        return _unsaid(found["classes"], evaluation["metric"].replace("_", " "))
    return _gain(found) + _table(found) + _threshold(found)


def _unsaid(classes: list[str] | None, metric: str) -> str:
    if classes is None:
        lines = ["unit: # EUR, minutes, calls", "over: # cost of each unit said too much"]
        lines += ["under: # cost of each unit said too little"]
    else:
        lines = ["unit: # EUR, minutes, calls", "value: # of one row, by what is true"]
        lines += [f"  {_key(true)}: {{{_cells(classes)}}}" for true in classes]
    said = (
        f"<strong>Nobody has said what an error costs</strong>, so nothing here tells whether the "
        f"model is worth having: {text(metric)} counts errors as equal that may not be. Ask the "
        f"people who act on the answers, and write into <code>conf/business.yaml</code>:"
    )
    return paragraph(said) + f"<pre><code>{text(chr(10).join(lines))}</code></pre>"


def _cells(classes: list[str]) -> str:
    return ", ".join(f"{_key(said)}: ?" for said in classes)


def _key(label: str) -> str:
    """A label as YAML reads it back: bare where it is a plain word."""
    is_plain = label.isidentifier() and label.lower() not in YAML_WORDS
    return label if is_plain else f'"{label}"'


def _gain(found: Mapping[str, Any]) -> str:
    gain, unit = found["gain"], text(found["unit"])
    name = text(found["baseline"]["name"])
    ends = f"{_money(gain['value'])} {_bounds(gain)} {unit} in 1000 rows"
    if gain["low"] > 0:
        said = f'The model is worth <strong class="good">more than the baseline</strong> ({name}): '
        said += f"{ends}."
    elif gain["high"] < 0:
        said = f'The model is worth <strong class="bad">less than the baseline</strong> ({name}): '
        said += f"{ends}."
    else:
        said = (
            f"Model and baseline ({name}) differ by {ends}; that "
            f'<strong class="bad">could be chance</strong>.'
        )
    by = found["said_by"]
    whose = f"Values as said by {text(by)}." if by else "Nobody is named for the values."
    return paragraph(said + _one_for_all(found)) + paragraph(f'<span class="quiet">{whose}</span>')


def _one_for_all(found: Mapping[str, Any]) -> str:
    """An answer that looks at nothing and is worth more shames a model more than a baseline."""
    of_model = found["model"]["per_1000"]["value"]
    better = [one for one in found["always"] if one["per_1000"] > of_model]
    if not better:
        return ""
    said = f"saying {text(better[0]['said'])} of everybody is worth more than the model"
    return f' But <strong class="bad">{said}</strong>; see the cut below.'


def _table(found: Mapping[str, Any]) -> str:
    model, baseline = found["model"], found["baseline"]
    rows = [
        _row("the model", model),
        _row(f"baseline ({text(baseline['name'])})", baseline),
        *_at_best(found),
        *(
            [f"everybody is {text(one['said'])}", "", f"{_money(one['per_1000'])}"]
            for one in found["always"][:3]
        ),
    ]
    head = ["on test", f"{text(found['unit'])} in all", f"{text(found['unit'])} in 1000 rows"]
    return table(head, rows)


def _row(name: str, one: Mapping[str, Any]) -> list[str]:
    value = one["per_1000"]
    return [name, _money(one["total"]), f"{_money(value['value'])} {_bounds(value)}"]


def _at_best(found: Mapping[str, Any]) -> list[list[str]]:
    cut = found.get("threshold")
    return [] if not cut else [_row(f"the model, cut at {cut['best']:.2f}", cut["on_test"])]


def _threshold(found: Mapping[str, Any]) -> str:
    cut = found.get("threshold")
    if not cut:
        return ""
    positive, unit = text(cut["positive"]), text(found["unit"])
    by_costs = cut["by_costs"]
    theory = (
        f" If probabilities kept their word, the costs alone would put it at {by_costs:.2f}."
        if by_costs is not None
        else " By the costs alone, one answer would always be the better one."
    )
    gain = cut["gain_on_test"]
    said = (
        f"<strong>Where to cut.</strong> The model says {positive} from a probability of one half. "
        f"On valid it is worth most to say it from {cut['best']:.2f} on.{theory} On test, which "
        f"had no part in choosing it, that cut changes the worth by {_money(gain['value'])} "
        f"{_bounds(gain)} {unit} in 1000 rows."
    )
    points = cut["on_valid"]
    numbers = [[f"{one['threshold']:.3f}", _money(one["per_1000"])] for one in points]
    head = [f"{positive} from", f"{unit} in 1000 rows of valid"]
    return paragraph(said) + figure(
        _traces(cut), _layout(positive, unit), table(head, numbers, n_text=0)
    )


def _traces(cut: Mapping[str, Any]) -> list[dict[str, Any]]:
    points = cut["on_valid"]
    values = [one["per_1000"] for one in points]
    curve = {
        "type": "scatter",
        "mode": "lines",
        "name": "valid",
        "x": [one["threshold"] for one in points],
        "y": values,
        "line": {"color": "--model", "width": 2, "shape": "hvh"},
    }
    ends = [min(values), max(values)]
    marks = {"one half": (0.5, "--baseline"), "best on valid": (cut["best"], "--good")}
    return [
        curve,
        *(
            {
                "type": "scatter",
                "mode": "lines",
                "name": name,
                "x": [at, at],
                "y": ends,
                "line": {"color": colour, "dash": "dot", "width": 2},
            }
            for name, (at, colour) in marks.items()
        ),
    ]


def _layout(positive: str, unit: str) -> dict[str, Any]:
    return {
        "xaxis": {"title": {"text": f"{positive} is said from this probability"}, "range": [0, 1]},
        "yaxis": {"title": {"text": f"{unit} in 1000 rows of valid"}},
    }


def _money(value: float) -> str:
    """Whole numbers where they are large; a value of zero has no sign."""
    rounded = round(value) + 0.0 if abs(value) >= 100 else round(value, 2) + 0.0
    return f"{rounded:,.0f}" if abs(value) >= 100 else f"{rounded:,.2f}"


def _bounds(found: Mapping[str, float]) -> str:
    return f'<span class="bounds">[{_money(found["low"])}, {_money(found["high"])}]</span>'
