"""Probes that read what earlier steps left behind: test results, coverage, reports."""

from typing import Any

from ml_checklist import proofs
from ml_checklist.files import tree_id
from ml_checklist.probes.data import EVALUATE, absent, one
from ml_checklist.probes.finding import Finding, found, missing, unknown
from ml_checklist.probes.tree import REPORTS, Tree, matches

RUN_TESTS = "run `make test`"
MEASURE = "run `CI=1 make test`"


def proven(tree: Tree, *, item: str, min: int = 1) -> Finding:
    """Tests marked as proof of an item passed on this very code and data."""
    if tree.forged:
        return missing(tree.forged, REPORTS)
    report = proofs.read(tree.proofs)
    if report is None:
        return unknown("no tests have been run here yet", RUN_TESTS)
    if not proofs.same_tree(report, tree.identity):
        return unknown("code, tests, conf or data changed since the tests ran", RUN_TESTS)
    return _verdict([result for result in report["results"] if result.get("item") == item], min)


def _verdict(results: list[dict[str, Any]], least: int) -> Finding:
    tests = [(str(result.get("test")), str(result.get("outcome"))) for result in results]
    for test, outcome in tests:
        if outcome == "failed":
            return missing(f"{test} failed", test, remedy=f"mend {test}")
    passed = [test for test, outcome in tests if outcome == "passed"]
    if len(passed) >= least:
        return found(f"{len(passed)} passed: {passed[0]}", passed[0], len(passed), least)
    if not tests:
        return missing("no test carries that mark", "tests/")
    others = ", ".join(sorted({outcome for _, outcome in tests} - {"passed"})) or "none"
    return missing(f"{len(passed)} passed, {least} wanted; others {others}", tests[0][0])


def coverage(tree: Tree, *, min: float, of: str = "**") -> Finding:
    """The tests run a share of the lines of the code."""
    name = f"{REPORTS}/coverage.json"
    if tree.forged:
        return missing(tree.forged, REPORTS)
    if not tree.find(name):
        return unknown("coverage has not been measured yet", MEASURE, name)
    report = proofs.read(tree.proofs)
    if report is not None and not proofs.same_tree(report, tree.identity):
        return unknown("code or tests changed since coverage was measured", MEASURE)
    files = one(tree.data(name, "json"), "files") or {}
    below = f"{of.rstrip('/*')}/**"
    named = {path.replace("\\", "/"): entry for path, entry in files.items()}
    chosen = [named[path] for path in named if matches(path, of) or matches(path, below)]
    sums = [one(entry, "summary") or {} for entry in chosen]
    lines = sum(int(each.get("num_statements", 0)) for each in sums)
    if not lines:
        return missing(f"no measured file lies in {of}", name)
    share = sum(int(each.get("covered_lines", 0)) for each in sums) / lines
    if share < min:
        return missing(f"they run {share:.0%} of {lines} lines", name, round(share, 4), min)
    return found(f"{share:.0%} of {lines} lines", name, round(share, 4), min)


def fresh(tree: Tree, *, file: str) -> Finding:
    """A report was made on the code, the configuration and the data of this checkout."""
    if not tree.find(file):
        return absent(tree, file)
    report = tree.data(tree.find(file)[0], "json")
    trees, data = one(report, "trees"), one(report, "data")
    if not isinstance(trees, dict) or not trees or not isinstance(data, dict) or not data:
        return missing("it does not say on which trees and data it was made", file)
    for folder, made_on in trees.items():
        if made_on != tree_id(tree.root, folder):
            return missing(f"{folder}/ changed since", file, remedy=EVALUATE)
    return _same_data(tree, file, data)


def _same_data(tree: Tree, file: str, data: dict[str, Any]) -> Finding:
    name = proofs.MANIFEST
    if not tree.find(name):
        return absent(tree, name)
    manifest = tree.data(name, "json")
    parts = ("train", "valid", "test")
    hashes = {part: one(manifest, f"split.parts.{part}.sha256") for part in parts}
    files = one(manifest, "files")
    listed = [each for each in files if isinstance(each, dict)] if isinstance(files, list) else []
    hashes |= {each.get("name", "original"): each.get("sha256") for each in listed}
    for part, sha in data.items():
        if sha is None or sha != hashes.get(part, sha):
            return missing(f"the {part} data changed since", file, remedy=EVALUATE)
    return found("made on this code, configuration and data", file)
