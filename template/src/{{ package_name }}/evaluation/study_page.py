"""The page of a search: its course, each parameter against the score, and every trial."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .page import figure, interval, number, paragraph, table, text, uncut

Trials = Sequence[Mapping[str, Any]]


def parts(study: Mapping[str, Any], trials: Trials, verdict: str) -> list[tuple[str, str, str]]:
    """The name, title and HTML of each part.

    study: what reports/study.json holds. trials: trial, run, state, value and parameters of each.
    """
    scored = [trial for trial in trials if trial["value"] is not None]
    return [
        ("summary", "Summary", _summary(study, verdict)),
        ("course", "Course of the search", _course(study, scored)),
        *(
            (f"parameter-{place}", name, _against(study, scored, name))
            for place, name in enumerate(study["space"])
        ),
        ("trials", "Trials", _table(study, trials)),
    ]


def _metric(study: Mapping[str, Any]) -> str:
    return str(study["metric"]).replace("_", " ")


def _summary(study: Mapping[str, Any], verdict: str) -> str:
    gain, best = study["gain"], study["best"]
    tone = "good" if study["written"] else "quiet"
    facts = [
        ["model", text(study["model"])],
        ["best trial", text(best["trial"])],
        *([text(name), _shown(value)] for name, value in best["parameters"].items()),
        [f"{_metric(study)} of the best, on {text(study['scored_on'])}", number(best["value"])],
        ["the same, of what it began with", number(study["first"]["value"])],
        [f"gain over {text(gain['over'])}, on {text(gain['on'])}", interval(gain)],
        *([["the same, on valid", interval(gain["fresh"])]] if gain["fresh"] else []),
        ["trials", text(study["n_trials"])],
        ["seconds", text(study["seconds"])],
    ]
    why = (
        f"The best of {study['n_trials']} is partly the luckiest on the rows that chose it: the "
        f"interval on {text(gain['on'])} is widened as for so many comparisons."
    )
    head = f'<p class="headline"><small>study {text(study["study"])}</small>{number(best["value"])}'
    said = f'<span class="{tone}">{text(verdict[0].upper() + verdict[1:])}.</span>'
    return head + "</p>" + paragraph(said) + table(["", ""], facts, n_text=1) + paragraph(why)


def _course(study: Mapping[str, Any], scored: Trials) -> str:
    numbers = [trial["trial"] for trial in scored]
    values = [trial["value"] for trial in scored]
    best_so_far = _running(values, study["higher_is_better"])
    traces: list[dict[str, Any]] = [
        _dots("trial", numbers, values),
        {
            "type": "scatter",
            "mode": "lines",
            "name": "best so far",
            "x": numbers,
            "y": best_so_far,
            "line": {"color": "--train", "width": 2, "shape": "hv"},
        },
    ]
    if study["first"]["value"] is not None and len(numbers) > 1:
        level = study["first"]["value"]
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": "what it began with",
                "x": [numbers[0], numbers[-1]],
                "y": [level, level],
                "line": {"color": "--baseline", "width": 1, "dash": "dot"},
            }
        )
    layout = {
        "xaxis": {"title": {"text": "trial"}},
        "yaxis": {"title": {"text": _metric(study)}},
    }
    rows = [
        [str(count), number(value), number(best)]
        for count, value, best in zip(numbers, values, best_so_far, strict=True)
    ]
    return figure(traces, layout, table(["trial", _metric(study), "best so far"], rows, n_text=0))


def _running(values: Sequence[float], higher_is_better: bool) -> list[float]:
    found: list[float] = []
    for value in values:
        found.append(value if not found else (max if higher_is_better else min)(found[-1], value))
    return found


def _against(study: Mapping[str, Any], scored: Trials, name: str) -> str:
    asked = [trial["parameters"][name] for trial in scored]
    is_choice = "choices" in study["space"][name]
    tried = [_shown(value) for value in asked] if is_choice else asked
    axis: dict[str, Any] = {"title": {"text": text(name)}}
    if is_choice:
        axis |= {"type": "category"}
    elif study["space"][name].get("log"):
        axis |= {"type": "log", "dtick": "D2"}
    layout = {"xaxis": axis, "yaxis": {"title": {"text": _metric(study)}}}
    values = [trial["value"] for trial in scored]
    rows = [[_shown(x), number(y)] for x, y in zip(asked, values, strict=True)]
    numbers = table([text(name), _metric(study)], rows, n_text=0)
    return figure([_dots(name, tried, values)], layout, numbers)


def _dots(name: str, x: Sequence[Any], y: Sequence[float]) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": text(name),
        "x": list(x),
        "y": list(y),
        "marker": {"color": "--model", "size": 8, "opacity": 0.8},
    }


def _shown(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else "null" if value is None else text(value)


def _table(study: Mapping[str, Any], trials: Trials) -> str:
    names = list(study["space"])
    rows = [
        [
            uncut(f"<code>{text(trial['run'])}</code>"),
            text(trial["state"]),
            str(trial["trial"]),
            *(_shown(trial["parameters"].get(name, "")) for name in names),
            number(trial["value"]),
        ]
        for trial in _ranked(study, trials)
    ]
    head = ["run", "", "trial", *(text(name) for name in names), _metric(study)]
    return f'<div class="scroll">{table(head, rows, n_text=2)}</div>'


def _ranked(study: Mapping[str, Any], trials: Trials) -> list[Mapping[str, Any]]:
    """Best first; those without a value last."""
    sign = -1 if study["higher_is_better"] else 1
    return sorted(trials, key=lambda t: (t["value"] is None, sign * (t["value"] or 0)))
