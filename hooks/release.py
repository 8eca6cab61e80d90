"""Make a version: `make release VERSION=x.y.z`, on a clean main with a section in the changelog.

Bumps, checks, keeps a snapshot for the tests of updates, commits and tags. A person pushes.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.versions import faults, snapshots  # noqa: E402

# File -> how the version stands in it.
STANDS = {
    "hooks/ml_checklist/__init__.py": r'^__version__ = "(.*?)"',
    "pyproject.toml": r'^version = "(.*?)"',
    "template/{{ every }}/hooks/pyproject.toml": r'^version = "(.*?)"',
}
HEADINGS = ("### Arrives", "### Goes stale", "### Was wrong")


def git(*args: str) -> str:
    """The output of a git command here."""
    done = subprocess.run(["git", *args], cwd=ROOT, text=True, capture_output=True, check=False)
    return done.stdout.strip()


def state(version: str) -> list[str]:
    """What is wrong with the repository, before anything is written."""
    found = []
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        return [f"VERSION must be x.y.z, got {version!r}"]
    newest = snapshots.versions()[-1]
    if snapshots.number(version) <= snapshots.number(newest):
        found.append(f"{version} is not newer than {newest}")
    if git("tag", "--list", f"v{version}"):
        found.append(f"the tag v{version} exists")
    if git("branch", "--show-current") != "main":
        found.append("a release is made on main; `git switch main`")
    if git("status", "--porcelain"):
        found.append("the tree is not clean; commit first")
    return found


def changelog(version: str) -> list[str]:
    """What the changelog lacks."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    sections = re.split(r"^## ", text, flags=re.M)[1:]
    head, _, body = (sections[0] if sections else "").partition("\n")
    if not re.fullmatch(rf"{re.escape(version)} - \d{{4}}-\d\d-\d\d", head):
        return [f"CHANGELOG.md: its first section must be `## {version} - <date>`, got `## {head}`"]
    bodies = re.split(r"^(### .*)$", body, flags=re.M)
    written = dict(zip(bodies[1::2], bodies[2::2], strict=True))
    return [
        f"CHANGELOG.md: {version} says nothing under `{heading}`; where there is nothing, say so"
        for heading in HEADINGS
        if not written.get(heading, "").strip()
    ]


def promises(version: str) -> list[str]:
    """What this tree would break in projects of the version before."""
    with tempfile.TemporaryDirectory() as folder:
        old = snapshots.rebuild(Path(folder))
        return faults.faults(old, ROOT, snapshots.versions()[-1], version)


def bump(version: str) -> None:
    """Write the version wherever it stands."""
    for name, pattern in STANDS.items():
        path = ROOT / name
        text = path.read_text(encoding="utf-8")
        found = re.search(pattern, text, re.M)
        assert found, f"{name} holds no version"
        path.write_text(text[: found.start(1)] + version + text[found.end(1) :], encoding="utf-8")


def release(version: str) -> list[str]:
    """Make the version; what stood in the way."""
    found = state(version) or [*changelog(version), *promises(version)]
    if found:
        return found
    bump(version)
    git("add", "--", *STANDS)
    snapshots.write(version, git("write-tree"))
    git("add", "--", "tests/versions")  # before the checks: they hold the version against it
    if subprocess.run(["make", "check", "test-updates"], cwd=ROOT, check=False).returncode:
        git("reset", "--quiet", "--hard")  # the tree was clean
        return ["the checks are red, so nothing was released; the version was taken back"]
    git("commit", "--quiet", "--message", f"release: {version}")
    if git("log", "-1", "--format=%s") != f"release: {version}" or git("status", "--porcelain"):
        return ["a hook refused the commit; go back with `git reset --hard`"]
    git("tag", "--annotate", f"v{version}", "--message", version)
    return []


def main() -> int:
    """Say what stands in the way, or what is left to do."""
    version = sys.argv[1] if len(sys.argv) > 1 else ""
    found = release(version)
    for line in found:
        print(f"release: {line}", file=sys.stderr)
    if found:
        return 1
    print(f"release: {version} is committed and tagged; next: git push origin main v{version}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
