"""Compare the packages of uv.lock with known vulnerabilities: `make audit`."""

import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

import yaml  # type: ignore[import-untyped]

ACCEPTED = Path("conf/audit.yaml")
EXPORT = "uv export --quiet --frozen --all-groups --no-emit-local --format requirements.txt"
# Strict: a package that could not be looked up fails the audit.
AUDIT = "pip-audit --strict --disable-pip --require-hashes --progress-spinner off"
FOUND, UNKNOWN = "Found ", 3  # its summary where it ends; exit code where it looked nothing up
REMEDY = f"uv.lock: `uv lock --upgrade-package NAME`, or accept a finding in {ACCEPTED}"


def main(argv: list[str]) -> int:
    """Audit; further words go to pip-audit.

    Returns the exit code: 0 nothing found, 1 a finding, 3 not all packages could be looked up.
    """
    ignored = [f"--ignore-vuln={name}" for name in read_accepted(ACCEPTED, date.today())]
    with tempfile.TemporaryDirectory() as folder:
        packages = f"{folder}/requirements.txt"
        subprocess.run([*EXPORT.split(), "--output-file", packages], check=True)
        command = [*AUDIT.split(), "--requirement", packages, *ignored, *argv]
        done = subprocess.run(command, check=False, stderr=subprocess.PIPE, text=True)
    lines = done.stderr.splitlines() or [""]
    if done.returncode and not any(line.startswith(FOUND) for line in lines):
        sys.stderr.write(f"audit: not all packages could be looked up: {lines[-1]}\n")
        return UNKNOWN
    sys.stderr.write(done.stderr + (f"{REMEDY}\n" if done.returncode else ""))
    return done.returncode


def read_accepted(path: Path, today: date) -> list[str]:
    """Ids of the findings that are accepted today; a wrong entry ends the program."""
    content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    accepted = []
    for entry in content.get("accepted") or ():
        if not {"id", "reason"} <= set(entry) or not isinstance(entry.get("until"), date):
            sys.exit(f"{path}: must be {{id, reason, until: 2027-01-31}}, got {entry}")
        accepted += [str(entry["id"])] if entry["until"] >= today else []
    return accepted


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
