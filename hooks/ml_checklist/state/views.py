"""Other arrangements of the same items, such as the ML Test Score."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from ml_checklist import yaml_io
from ml_checklist.catalog.items import Catalog
from ml_checklist.catalog.schema import VIEW
from ml_checklist.errors import DataError, Problem, nearest, refuse
from ml_checklist.shapes import check
from ml_checklist.state.status import NOT_APPLICABLE, PASS, Status
from ml_checklist.state.survey import Survey

# Upper bound of the score and its meaning. Source: Breck et al. (2017), The ML Test Score, table V.
BANDS = (
    (0.0, "more of a research project than a productionised system"),
    (1.0, "not totally untested, but serious holes in reliability are to be expected"),
    (2.0, "a first pass at basic productionisation; more work is needed"),
    (3.0, "reasonably tested; more tests and procedures could be automated"),
    (5.0, "strong automated testing and monitoring, fit for mission-critical use"),
    (99.0, "exceptional automated testing and monitoring"),
)


class Row(NamedTuple):
    """One entry of a view: the statuses behind it, and its points where the view has a score."""

    name: str
    statuses: list[Status]
    points: float


class View(NamedTuple):
    """A view filled in for one project; `score` is None where the view has none."""

    data: dict[str, Any]
    groups: list[tuple[str, list[Row]]]
    score: float | None

    @property
    def verdict(self) -> str:
        score = self.score or 0.0
        return next(words for bound, words in BANDS if score <= bound)


def load(catalog: Catalog) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    problems: list[Problem] = []
    for path in sorted((catalog.folder / "views").glob("*.yml")):
        data = yaml_io.load(path, f"views/{path.name}")
        faults = check(VIEW, data, f"views/{path.name}")
        problems += faults or _unknown(data, catalog, f"views/{path.name}")
        if not faults:
            found[data["view"]] = data
    refuse(problems)
    return found


def _unknown(data: dict[str, Any], catalog: Catalog, where: str) -> list[Problem]:
    found = []
    for entry in [entry for group in data["groups"] for entry in group["entries"]]:
        named = [*entry["items"], *entry.get("signed", ())]
        named += [entry["unless"]] if "unless" in entry else []
        for name in [name for name in named if catalog.resolve(name) is None]:
            text = f"{entry['name']}: unknown item {name!r}{nearest(name, catalog.items)}"
            found.append(Problem(where, entry.line, text))
    return found


def fill(survey: Survey, name: str) -> View:
    views = load(survey.project.catalog)
    if name not in views:
        raise DataError(f"--view: unknown view {name!r}{nearest(name, views)}")
    data = views[name]
    groups = []
    for group in data["groups"]:
        groups.append((group["title"], [_row(survey, entry) for entry in group["entries"]]))
    scored = data.get("scoring") == "ml-test-score"
    score = min(sum(row.points for row in rows) for _, rows in groups) if scored else None
    return View(data, groups, score)


def _row(survey: Survey, entry: Mapping[str, Any]) -> Row:
    statuses = _statuses(survey, entry["items"])
    most = 1 if _holds(survey, entry.get("unless")) else entry.get("at_most", 1)
    earned = min(points(statuses), most)
    signed = _statuses(survey, entry.get("signed", ()))
    half = min(points(signed), 0.5)
    others = [status for status in signed if status not in statuses]
    return Row(entry["name"], statuses + others, max(earned, half))


def _statuses(survey: Survey, names: Iterable[str]) -> list[Status]:
    items = [survey.project.catalog.resolve(name) for name in names]
    return [survey.statuses[item.id] for item in items if item]


def _holds(survey: Survey, name: str | None) -> bool:
    """Whether an item is proven; an entry without one has no exception."""
    item = survey.project.catalog.resolve(name) if name else None
    return item is not None and survey.statuses[item.id].proven


def points(statuses: list[Status]) -> float:
    """1 when machines prove all of it, 0.5 when a person signs for a part, else 0."""
    concerned = [status for status in statuses if status.state != NOT_APPLICABLE]
    if not concerned or any(status.state != PASS for status in concerned):
        return 0.0
    return 1.0 if all(status.proven for status in concerned) else 0.5
