"""Compare the packages of uv.lock with known vulnerabilities; one not looked up is no pass."""

import json
import os
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import yaml  # type: ignore[import-untyped]

ACCEPTED = Path("conf/audit.yaml")
# With hashes and without pip: what is audited is the lock file, not what an index offers today.
EXPORT = "uv export --quiet --frozen --all-groups --no-emit-local --format requirements.txt"
AUDIT = "pip-audit --disable-pip --require-hashes --format json --progress-spinner off"


class Verdict(NamedTuple):
    """What to say, and the exit code: 0 nothing known, 1 something found or not looked up."""

    lines: list[str]
    code: int


def main(argv: list[str]) -> int:
    """Audit; further words go to pip-audit. 2: conf/audit.yaml or the lock file is wrong."""
    try:
        accepted = read_accepted(ACCEPTED)
        report, said = look_up(argv)
    except ValueError as mistake:
        sys.stderr.write(f"{mistake}\n")
        return 2
    found = judge(report, said, accepted, date.today(), in_ci=bool(os.environ.get("CI")))
    (sys.stderr if found.code else sys.stdout).write("".join(f"{line}\n" for line in found.lines))
    return found.code


def read_accepted(path: Path) -> dict[str, date]:
    """The findings that are lived with, each until its day; ValueError names a wrong entry."""
    content = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else {}
    accepted = {}
    for number, entry in enumerate((content or {}).get("accepted") or (), 1):
        good = isinstance(entry, dict) and entry.get("id") and entry.get("reason")
        if not good or not isinstance(entry.get("until"), date):
            form = "{id: ..., reason: ..., until: 2027-01-31}"
            raise ValueError(f"{path}: entry {number} must be {form}, got {entry}")
        accepted[str(entry["id"])] = entry["until"]
    return accepted


def look_up(words: list[str]) -> tuple[list[dict[str, Any]], str]:
    """pip-audit's list of packages, empty where it could not ask; and the last line it said."""
    with tempfile.TemporaryDirectory() as folder:
        listed = Path(folder) / "requirements.txt"
        exported = _run(*EXPORT.split(), "--output-file", str(listed))
        if exported.returncode:
            raise ValueError(f"uv.lock: cannot be read: {_last(exported.stderr)}; run `uv lock`")
        done = _run(*AUDIT.split(), "--requirement", str(listed), *words)
    try:
        return json.loads(done.stdout)["dependencies"], ""
    except (json.JSONDecodeError, KeyError):
        return [], _last(done.stderr)


def judge(
    report: list[dict[str, Any]], said: str, accepted: dict[str, date], today: date, *, in_ci: bool
) -> Verdict:
    """What the report means; where nothing at all could be looked up, a failure in CI alone."""
    skipped = [each for each in report if "skip_reason" in each]
    asked = [each for each in report if "skip_reason" not in each]
    if not asked:
        why = said or f"the index knows of no vulnerabilities of any of {len(skipped)} packages"
        todo = "run it where the public index answers, or with ARGS='--vulnerability-service osv'"
        return Verdict([f"uv.lock: NOT AUDITED: {why}; this is no pass; {todo}"], int(in_ci))
    bad, tolerated = [], []
    for package in asked:
        for flaw in package["vulns"]:
            until = _accepted_until(flaw, accepted)
            line = f"uv.lock: {package['name']} {package['version']} has {flaw['id']}"
            if until and until >= today:
                tolerated.append(f"{line}, accepted until {until}")
            else:
                bad.append(line + _remedy(package["name"], flaw, until))
    unseen = [f"uv.lock: {each['name']} not looked up: {each['skip_reason']}" for each in skipped]
    lines = [*tolerated, *unseen, *bad]
    if not (bad or unseen):
        lines.append(f"{len(asked)} packages audited, none with a known vulnerability that counts")
    return Verdict(lines, int(bool(bad or unseen)))


def _accepted_until(flaw: dict[str, Any], accepted: dict[str, date]) -> date | None:
    days = [accepted[name] for name in (flaw["id"], *flaw.get("aliases", ())) if name in accepted]
    return max(days, default=None)


def _remedy(name: str, flaw: dict[str, Any], until: date | None) -> str:
    fixed = ", ".join(flaw.get("fix_versions") or ()) or "no version yet"
    over = f" (accepted until {until}, which is over)" if until else ""
    return f"{over}; fixed in {fixed}: uv lock --upgrade-package {name}, or accept it in {ACCEPTED}"


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, text=True, capture_output=True, check=False)


def _last(text: str) -> str:
    return (text.strip().splitlines() or ["it said nothing"])[-1][:300]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
