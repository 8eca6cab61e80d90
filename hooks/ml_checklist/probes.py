"""All probes, and how one written in the catalog is run on a tree.

A probe is a function from a tree to a finding; its docstring is the sentence shown when it fails.
Probes read files. They run no project code, train nothing and need no network.
"""

from collections.abc import Callable, Mapping
from typing import Any

from ml_checklist import (
    probes_ci,
    probes_code,
    probes_data,
    probes_git,
    probes_lock,
    probes_proof,
    probes_text,
    words,
)
from ml_checklist.finding import ERROR, FOUND, MISSING, UNKNOWN, Finding
from ml_checklist.tree import Tree

PROBES: dict[str, Callable[..., Finding]] = {
    "file": probes_text.file,
    "heading": probes_text.heading,
    "front-matter": probes_text.front_matter,
    "decision": probes_text.decision,
    "json": probes_data.json,
    "yaml": probes_data.yaml,
    "toml": probes_data.toml,
    "config": probes_data.config,
    "difference": probes_data.difference,
    "ledger": probes_data.ledger,
    "fresh": probes_proof.fresh,
    "proven": probes_proof.proven,
    "coverage": probes_proof.coverage,
    "lock-fresh": probes_lock.lock_fresh,
    "newer-than": probes_git.newer_than,
    "only-reader": probes_code.only_reader,
    "import-contract": probes_code.import_contract,
    "codeowners": probes_ci.codeowners,
    "workflow": probes_ci.workflow,
    "git": probes_git.git,
    "text": probes_text.text,
    "notebooks-clean": probes_text.notebooks_clean,
    "dependency": probes_code.dependency,
}

_OPPOSITE = {FOUND: MISSING, MISSING: FOUND}


def run(tree: Tree, probe: Mapping[str, Any], item: str = "", title: str = "") -> Finding:
    """What `probe`, the probe of `item`, finds on `tree`.

    A broken probe is an `error`, never a crash.
    """
    if "all" in probe:
        return _worst([run(tree, part, item, title) for part in probe["all"]])
    if "any" in probe:
        return _best([run(tree, part, item, title) for part in probe["any"]])
    if "not" in probe:
        return _opposite(run(tree, probe["not"], item, title))
    return _one(tree, probe, item, title)


def _opposite(inner: Finding) -> Finding:
    words = {FOUND: "; it should not be so", MISSING: "; so it should be"}
    return inner._replace(
        outcome=_OPPOSITE.get(inner.outcome, inner.outcome),
        sentence=inner.sentence + words.get(inner.outcome, ""),
    )


def _one(tree: Tree, probe: Mapping[str, Any], item: str, title: str) -> Finding:
    kind = probe["type"]
    arguments = {key: value for key, value in probe.items() if key not in ("type", "reason")}
    if kind == "proven":
        arguments.setdefault("item", item)
    function = PROBES[kind]
    try:
        finding = function(tree, **arguments)
    except Exception as error:
        return Finding(
            ERROR,
            f"the probe {kind} broke: {type(error).__name__}: {error}",
            str(probe.get("file", "")),
        )
    if finding.outcome != MISSING:
        return finding
    # A pattern is for machines: what a line of text must say is said in the item's own words.
    asked = probe.get("reason") or title if kind == "text" else demand(kind, arguments)
    return finding._replace(sentence=": ".join(filter(None, (asked, finding.sentence))))


def demand(kind: str, arguments: Mapping[str, Any]) -> str:
    """The docstring of a probe with its arguments put in."""
    first = (PROBES[kind].__doc__ or "").split("\n")[0]
    return " ".join(first.format_map(words.of(kind, arguments)).split())


def _first(findings: list[Finding], *outcomes: str) -> Finding:
    return next(each for outcome in outcomes for each in findings if each.outcome == outcome)


def _worst(findings: list[Finding]) -> Finding:
    worst = _first(findings, ERROR, MISSING, UNKNOWN, FOUND)
    if worst.outcome != FOUND:
        return worst
    return worst._replace(sentence="; ".join(each.sentence for each in findings))


def _best(findings: list[Finding]) -> Finding:
    best = _first(findings, FOUND, ERROR, UNKNOWN, MISSING)
    if best.outcome != MISSING:
        return best
    # Of several ways to meet it, show the one that says what to do: a fact is not to be bent.
    acts = [each for each in findings if not each.location.startswith("checklist/project.yml")]
    return next((each for each in acts if each.remedy), next(iter(acts), best))
