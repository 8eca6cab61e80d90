"""All types of probe, and how one written in the catalog is run on a tree.

A probe is a function from a tree to a finding. Probes read files. They run no project code, train
nothing and need no network.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

from ml_checklist.errors import UnreadableError
from ml_checklist.probes import ci, code, data, git, owners, packaging, proof, review, text
from ml_checklist.probes.finding import ERROR, FOUND, MISSING, UNKNOWN, Finding, missing
from ml_checklist.probes.tree import Tree
from ml_checklist.shapes import Keys, ListOf, Number, Shape, Text, Truth, Whole


class Kind(NamedTuple):
    """One type of probe.

    keys: what the catalog may write; a name ending in `_` may be left out.
    sentence: what must be so, shown when it is not, with arguments in braces; `says:` replaces it.
    one_of: of these keys exactly one must be given, `a|b` counts as one; {bound} shows it.
    """

    function: Callable[..., Finding]
    keys: dict[str, Shape]
    sentence: str
    one_of: tuple[str, ...] = ()


_IN_ROOT = "a path below the project root, `/` between its parts"
PATH = _FILE = Text(r"^(?!/)(?!.*\.\.(/|$))[^\\]+$", _IN_ROOT)
_FILES = ListOf(_FILE, 1)
_AT = Text(r"^[^.\s].*$", "a dotted path such as metrics.mae or slices[0].value")
_PATTERN = Text(kind="a regular expression")
_SLUG = Text(r"^[a-z0-9-]+$", "a slug")
_ID = Text(r"^[a-z][a-z0-9-]*\.[a-z0-9.-]+$", "an item id")
_NAMES, _AGE = ListOf(Text(), 1), {"max_age_days_": Whole(1)}
_SIDE = Keys(file=_FILE, at=_AT)
_RANGE: dict[str, Shape] = {"min_": Number(), "max_": Number()}
_BOUND: dict[str, Shape] = {
    "whole_": Truth(),
    "percent_": Truth(),
    "sentence_": Truth(),
    "within_days_": Whole(1),
    "equals_": Shape(),
    **_RANGE,
    "in_": ListOf(Shape(), 1),
    "matches_": _PATTERN,
    "non_empty_": Truth(),
    "exists_": Truth(),
    "length_min_": Whole(1),
}
_LONE = ("in", "matches", "non_empty", "exists", "length_min", "within_days", "sentence")
_ONE_BOUND = ("equals", "min|max", *_LONE)


def _value_in_file(form: str) -> Kind:
    keys = {"file": _FILE, "at": _AT, **_BOUND}
    return Kind(partial(data.value, form), keys, "{at} in {file} must meet {bound}", _ONE_BOUND)


# A new type of probe is its function, its entry here, and its three tests: found, missing, unknown.
PROBES: dict[str, Kind] = {
    "file": Kind(
        text.file, {"file": _FILE, "min_bytes_": Whole(1)}, "{file} must exist and not be empty"
    ),
    "heading": Kind(
        text.heading,
        {"file": _FILE, "heading": Text(), "min_words_": Whole(1)},
        'Section "{heading}" of {file} must be filled in',
    ),
    "front-matter": Kind(
        text.front_matter,
        {"file": _FILE, "keys": _NAMES, "numbers_": _NAMES, "dates_": _NAMES, **_AGE},
        "The front matter of {file} must fill in {keys}",
    ),
    "decision": Kind(
        text.decision,
        {"about": _SLUG},
        "docs/decisions/ must hold an accepted decision about {about}",
    ),
    **{form: _value_in_file(form) for form in ("json", "yaml", "toml")},
    "config": Kind(
        data.config,
        {"at": _AT, **_BOUND},
        "{at} in conf/default.yaml must meet {bound}",
        _ONE_BOUND,
    ),
    "difference": Kind(
        data.difference,
        {"left": _SIDE, "right": _SIDE, **_RANGE},
        "{left} minus {right} must meet {bound}",
        ("min|max",),
    ),
    "same": Kind(data.same, {"left": _SIDE, "right": _SIDE}, "{left} must equal {right}"),
    "ledger": Kind(
        data.ledger, {"fields": ListOf(_AT, 1)}, "reports/run.json must be a full record of the run"
    ),
    "fresh": Kind(
        proof.fresh,
        {"file": _FILE},
        "{file} must be made on the code, the configuration and the data of this checkout",
    ),
    "proven": Kind(
        proof.proven,
        {"item_": _ID, "min_": Whole(1)},
        "A test marked as proof of {item} must have passed on this very code and data",
    ),
    "suite": Kind(
        proof.suite,
        {"min": Whole(1)},
        "A run of all tests on this very code and data must pass, at least {min} of them",
    ),
    "coverage": Kind(
        proof.coverage, {"min": Number(), "of_": _FILE}, "Tests must run enough lines of the code"
    ),
    "lock-fresh": Kind(
        packaging.lock_fresh, {}, "uv.lock must exist and be made for this pyproject.toml"
    ),
    "newer-than": Kind(
        git.newer_than, {"file": _FILE, "than": _FILES}, "{file} must be committed after {than}"
    ),
    "reviewed": Kind(
        review.reviewed,
        {"paths": _FILES},
        "Git must show that another person than its author reviewed each change of {paths}",
    ),
    "only-reader": Kind(
        code.only_reader, {"of": _FILE, "allowed": _FILES}, "Only {allowed} may open {of}"
    ),
    "import-contract": Kind(
        packaging.import_contract,
        {},
        "pyproject.toml must hold an import-linter layers contract that names every sub-package",
    ),
    "codeowners": Kind(
        owners.codeowners, {"paths": ListOf(Text(), 1)}, "CODEOWNERS must name an owner for {paths}"
    ),
    "workflow": Kind(
        ci.workflow,
        {"runs_": Text(), "trigger_": Text(), "job_": Text()},
        "Continuous integration must have a job with {bound}",
        ("runs|trigger|job",),
    ),
    "git": Kind(
        git.git,
        {"tracked_": _FILE, "ignored_": _FILES, "max_mb_": Number(), "secrets_": Truth()},
        "Git must meet {bound}",
        ("tracked", "ignored", "max_mb", "secrets"),
    ),
    # A pattern is for machines: without `says`, the item's title is shown.
    "text": Kind(text.text, {"file": _FILE, "matches": _PATTERN, "absent_": Truth()}, "{title}"),
    "notebooks-clean": Kind(text.notebooks_clean, {}, "Committed notebooks must carry no outputs"),
    "dependency": Kind(
        packaging.dependency,
        {"name": Text(), "group_": Text()},
        "pyproject.toml must depend on {name}",
    ),
}
JOINS = ("all", "any", "not")
# Keys of every probe; the functions do not see them.
SPOKEN = {"type", "says", "reason"}

_OPPOSITE = {FOUND: MISSING, MISSING: FOUND}


def walk(probe: Any) -> Iterator[dict[str, Any]]:
    """Every single probe in a combined one."""
    if isinstance(probe, list):
        for part in probe:
            yield from walk(part)
    elif isinstance(probe, dict):
        if "type" in probe:
            yield probe
        for join in JOINS:
            yield from walk(probe.get(join))


def run(tree: Tree, probe: Mapping[str, Any], item: str = "", title: str = "") -> Finding:
    """What the probe of `item` finds on `tree`; a broken probe is an `error`, never a crash."""
    if "all" in probe:
        return _worst([run(tree, part, item, title) for part in probe["all"]])
    if "any" in probe:
        return _best([run(tree, part, item, title) for part in probe["any"]])
    if "not" in probe:
        return _opposite(run(tree, probe["not"], item, title), str(probe["not"].get("says", "")))
    return _one(tree, probe, item, title)


def _opposite(inner: Finding, says: str) -> Finding:
    """The finding of `not`; a `says` that names the fault, and no demand, is what is shown."""
    if inner.outcome == FOUND and says and " must " not in says:
        return inner._replace(outcome=MISSING, sentence=says)
    hint = "; it must not be so" if inner.outcome == FOUND else ""
    outcome = _OPPOSITE.get(inner.outcome, inner.outcome)
    return inner._replace(outcome=outcome, sentence=inner.sentence + hint)


def _one(tree: Tree, probe: Mapping[str, Any], item: str, title: str) -> Finding:
    kind = probe["type"]
    arguments = {key: value for key, value in probe.items() if key not in SPOKEN}
    if kind == "proven":
        arguments.setdefault("item", item)
    try:
        finding = PROBES[kind].function(tree, **arguments)
    except UnreadableError as error:
        lacks = "" if tree.find(error.file) else error.file
        finding = missing(str(error), error.file, absent=lacks)
    except Exception as error:
        text = f"the probe {kind} broke: {type(error).__name__}: {error}"
        return Finding(ERROR, text, str(probe.get("file", "")))
    if finding.outcome != MISSING:
        return finding
    demanded = demand(probe, item, title)
    if tree.foreign and finding.absent:
        where = f"`{finding.absent}: PATH` below `map:` in checklist/project.yml"
        elsewhere = f"if it lies elsewhere, write {where}"
        finding = finding._replace(sentence=f"{finding.sentence}; {elsewhere}")
    return finding._replace(sentence=": ".join(filter(None, (demanded, finding.sentence))))


def demand(probe: Mapping[str, Any], item: str = "", title: str = "") -> str:
    """What a single probe asks for: its `says`, else the sentence of its type."""
    if "says" in probe:
        return str(probe["says"])
    kind = PROBES[probe["type"]]
    bounds = [key for group in kind.one_of for key in group.split("|") if key in probe]
    arguments = {key: _shown(key, value) for key, value in probe.items()}
    bound = ", ".join(f"{key}: {arguments[key]}" for key in bounds)
    return kind.sentence.format_map({"item": item, "title": title, "bound": bound, **arguments})


def _shown(key: str, value: Any) -> str:
    if key == "matches":
        return "the pattern of the item"  # for machines, not for readers
    if isinstance(value, list):
        return text.listed([str(each) for each in value])
    if isinstance(value, dict):
        return f"{value.get('at')} in {value.get('file')}"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _first(findings: list[Finding], *outcomes: str) -> Finding:
    return next(each for outcome in outcomes for each in findings if each.outcome == outcome)


def _worst(findings: list[Finding]) -> Finding:
    worst = _first(findings, ERROR, MISSING, UNKNOWN, FOUND)
    if worst.outcome != FOUND:
        return worst
    n_own = sum(each.n_own for each in findings)
    return worst._replace(sentence="; ".join(each.sentence for each in findings), n_own=n_own)


def _best(findings: list[Finding]) -> Finding:
    best = _first(findings, FOUND, ERROR, UNKNOWN, MISSING)
    if best.outcome != MISSING:
        return best
    # Of several ways to meet it, show the one that says what to do: a fact is not to be bent.
    acts = [each for each in findings if not each.location.startswith("checklist/project.yml")]
    return next((each for each in acts if each.remedy), next(iter(acts), best))
