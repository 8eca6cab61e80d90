"""Write an evaluation as one HTML file that opens anywhere, without a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from importlib import import_module
from pathlib import Path
from string import Template
from tempfile import NamedTemporaryFile
from types import ModuleType
from typing import Any

from ..utils.plugins import modules_of

ASSETS = Path(__file__).parent / "assets"


def write_report(evaluation: Mapping[str, Any], run: Mapping[str, Any], path: str | Path) -> None:
    """Write the page to `path`, whole or not at all.

    evaluation: what assess() returned, with the keys that the evaluate command adds.
    run: the record of the run, shown at the end.
    """
    path = Path(path)
    with NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as file:
        file.write(render(evaluation, run))
    Path(file.name).replace(path)


def render(evaluation: Mapping[str, Any], run: Mapping[str, Any]) -> str:
    """The page as text; each module of sections/ that has something to say is one part of it."""
    shown = [(m, m.section(evaluation, run)) for m in sections()]
    parts = [(_name(m), str(m.TITLE), html) for m, html in shown if html is not None]
    return whole(f"{evaluation['metric'].replace('_', ' ')} - run {run.get('run', '')}", parts)


def whole(title: str, parts: Sequence[tuple[str, str, str]]) -> str:
    """A page that needs nothing but itself. parts: the name, the title and the HTML of each."""
    # Imported here: 5 MB of JavaScript that only a page needs.
    from plotly.offline import get_plotlyjs

    return Template(_asset("report.html")).substitute(
        title=escape(title),
        style=_asset("report.css"),
        links="".join(f'<a href="#{name}">{escape(head)}</a>' for name, head, _ in parts),
        sections="".join(
            f'<section id="{name}"><h2>{escape(head)}</h2>{html}</section>'
            for name, head, html in parts
        ),
        plotly=get_plotlyjs(),
        script=_asset("report.js"),
    )


def sections() -> list[ModuleType]:
    """The modules of sections/, by their ORDER; a new file there is a new part of the report.

    Raises ValueError for a module without ORDER, TITLE and section().
    """
    package = import_module(f"{__package__}.sections")
    found = modules_of(package)
    for module in found:
        lacking = [name for name in ("ORDER", "TITLE", "section") if not hasattr(module, name)]
        if lacking:
            raise ValueError(f"{module.__file__}: a report section needs {', '.join(lacking)}")
    return sorted(found, key=lambda module: (module.ORDER, module.__name__))


def _name(module: ModuleType) -> str:
    return module.__name__.rpartition(".")[2].replace("_", "-")


def _asset(name: str) -> str:
    return (ASSETS / name).read_text(encoding="utf-8")
