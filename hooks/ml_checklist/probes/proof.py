"""Probes that read what earlier steps left behind: test results, coverage, reports."""

from typing import Any, NamedTuple

from ml_checklist import proofs
from ml_checklist.files import tree_id
from ml_checklist.probes.data import EVALUATE, absent, one
from ml_checklist.probes.finding import Finding, found, missing, unknown
from ml_checklist.probes.tree import REPORTS, Tree, matches

RUN_TESTS = "run `make test`"
MEASURE = "run `CI=1 make test`"
NOT_APPLICABLE = "not-applicable"
FAULTS = {
    "failed": "failed",
    "skipped": "was skipped, or was expected to fail, so it proves nothing",
    "empty": "asserts nothing",
    NOT_APPLICABLE: "says that it is not applicable, which only a shipped test may",
}


def proven(tree: Tree, *, item: str, min: int = 1) -> Finding:
    """Tests marked as proof of an item passed on this very code and data."""
    report = _report(tree)
    if isinstance(report, Finding):
        return report
    results = [result for result in report["results"] if result.get("item") == item]
    return _verdict(results, set(tree.shipped.get(item, ())), min)


def _report(tree: Tree) -> dict[str, Any] | Finding:
    """What the tests left of this very code and data, or why that is not known."""
    if tree.forged:
        return missing(tree.forged, REPORTS)
    report = proofs.read(tree.proofs)
    if report is None:
        return unknown("no tests have been run here yet", RUN_TESTS)
    if not proofs.same_tree(report, tree.identity):
        return unknown("code, tests, conf or data changed since the tests ran", RUN_TESTS)
    return report


def _verdict(results: list[dict[str, Any]], shipped: set[str], least: int) -> Finding:
    """What the results of an item's tests show.

    shipped: tests that the template brings for this item. One of them that is gone counts as not
    run, unless a test of the project's own takes its place.
    """
    tests = [Result.of(each, shipped) for each in results]
    fault = next((f"{t.name} {t.fault}" for t in tests if t.fault), "")
    if fault:
        name = fault.partition(" ")[0]
        return missing(fault, name, remedy=f"mend {name}")
    gone = sorted(shipped - {test.function for test in tests})
    own = [test for test in tests if not test.is_shipped]
    if gone and not own:
        return missing(f"{gone[0]} did not run; restore it", gone[0], remedy=RUN_TESTS)
    if not tests:
        return missing("no test carries that mark", "tests/")
    return _counted(tests, own, gone, least)


def _counted(tests: list["Result"], own: list["Result"], gone: list[str], least: int) -> Finding:
    idle = [test for test in tests if test.outcome == NOT_APPLICABLE]
    n = len(tests) - len(idle)
    if n < least - len(idle):
        return missing(f"{n} passed, {least} wanted", tests[0].name)
    words = [f"{n - len(own)} shipped" if n > len(own) else "", f"{len(own)} own" if own else ""]
    passed = " and ".join(filter(None, words))
    place = (own or tests)[0].name
    parts = [f"{passed} passed: {place}" if passed else f"not applicable here: {place}"]
    parts += [f"{gone[0]} is gone"] if gone else []
    return found("; ".join(parts), place, n, least)._replace(n_own=len(own))


class Result(NamedTuple):
    """One test of an item: what came out, and why it may prove nothing."""

    name: str
    function: str
    outcome: str
    is_shipped: bool
    ran: bool

    @classmethod
    def of(cls, result: dict[str, Any], shipped: set[str]) -> "Result":
        name, ran = str(result.get("test")), result.get("ran") is not False
        function = name.partition("[")[0]
        return cls(name, function, str(result.get("outcome")), function in shipped, ran)

    @property
    def fault(self) -> str:
        if self.outcome == NOT_APPLICABLE and self.is_shipped:
            return ""
        if self.outcome == "passed":
            return "" if self.ran or self.is_shipped else "runs no code below src/"
        return FAULTS.get(self.outcome, f"ended as {self.outcome}")


def suite(tree: Tree, *, min: int) -> Finding:
    """A run of all tests passed on this very code and data."""
    report = _report(tree)
    if isinstance(report, Finding):
        return report
    tests = one(report, "tests") or {}
    failed = [name for name, outcome in tests.items() if outcome == "failed"]
    if failed:
        return missing(f"{failed[0]} failed", failed[0], remedy=f"mend {failed[0]}")
    n = sum(outcome == "passed" for outcome in tests.values())
    if n < min:
        return missing(f"{n} tests passed", "tests/", n, min)
    return found(f"{n} tests passed", "tests/", n, min)


def coverage(tree: Tree, *, min: float, of: str = "**") -> Finding:
    """The tests run a share of the lines of the code."""
    name = f"{REPORTS}/coverage.json"
    if tree.forged:
        return missing(tree.forged, REPORTS)
    measured = proofs.load(tree.proofs.with_name("coverage.json"))
    if measured is None:
        return unknown("coverage has not been measured yet", MEASURE, name)
    report = proofs.read(tree.proofs)
    if report is not None and not proofs.same_tree(report, tree.identity):
        return unknown("code or tests changed since coverage was measured", MEASURE)
    files = one(measured, "files") or {}
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
