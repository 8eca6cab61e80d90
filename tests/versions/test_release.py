"""`make release` makes a version of a clean main, or takes everything back and says why."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import copy_tree, run, tracked_files
from tests.versions import snapshots

SECTION = """## {version} - 2027-01-01

### Arrives

* A thing.

### Goes stale

* Nothing.

### Was wrong

* Nothing.

## 0.2.0"""
VERSION = snapshots.announced()
AFTER = VERSION.rpartition(".")[0] + ".99"
GREEN, RED = "#!/bin/sh\nexit 0\n", "#!/bin/sh\nexit 2\n"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """This repository on a clean main, with a changelog that announces the next one."""
    names = [n for n in tracked_files() if not n.startswith(("tests/catalog", "tests/generated"))]
    clone = copy_tree(names, tmp_path / "copier-ml")
    changelog = clone / "CHANGELOG.md"
    head, _, tail = changelog.read_text().partition("## 0.2.0")
    head = head.split("\n## ")[0] + "\n"
    changelog.write_text(head + SECTION.format(version=VERSION) + tail)
    run("git", "init", "--quiet", "--initial-branch", "main", cwd=clone)
    save(clone)
    return clone


def save(clone: Path) -> None:
    run("git", "add", "--all", cwd=clone)
    run("git", "commit", "--quiet", "--message", "Clean", cwd=clone)


def release(clone: Path, version: str, checks: str = GREEN) -> subprocess.CompletedProcess[str]:
    """Run the script with a `make` that says what `checks` says."""
    tools = clone.parent / "bin"
    tools.mkdir(exist_ok=True)
    (tools / "make").write_text(checks)
    (tools / "make").chmod(0o755)
    path = f"{tools}:/usr/bin:/bin"
    command = [sys.executable, "hooks/release.py", version]
    return run(*command, cwd=clone, check=False, PATH=path, PYTHONDONTWRITEBYTECODE="1")


def test_a_release_bumps_keeps_a_snapshot_commits_and_tags(clone):
    # The checks hold the version against the newest snapshot, so they want to see it.
    done = release(clone, VERSION, f"#!/bin/sh\ntest -f tests/versions/v{VERSION}.bundle\n")

    assert done.returncode == 0, done.stderr
    assert f"git push origin main v{VERSION}" in done.stdout
    assert run("git", "tag", cwd=clone).stdout.split() == [f"v{VERSION}"]
    assert run("git", "log", "-1", "--format=%s", cwd=clone).stdout.strip() == f"release: {VERSION}"
    assert not run("git", "status", "--porcelain", cwd=clone).stdout
    assert f'__version__ = "{VERSION}"' in (clone / "hooks/ml_checklist/__init__.py").read_text()
    check = "from tests.versions import snapshots as s; from pathlib import Path; import sys;"
    check += f"r = s.rebuild(Path(sys.argv[1])); held = s.recorded()['{VERSION}']['roots'];"
    check += f"assert s.roots(r, 'v{VERSION}') == held == s.roots(s.ROOT, 'v{VERSION}')"
    run(sys.executable, "-c", check, str(clone.parent / "rebuilt"), cwd=clone)


def test_red_checks_take_the_version_back(clone):
    done = release(clone, VERSION, RED)

    assert done.returncode == 1
    assert "the version was taken back" in done.stderr
    assert not run("git", "status", "--porcelain", cwd=clone).stdout
    assert not run("git", "tag", cwd=clone).stdout


def dirty(clone: Path) -> None:
    (clone / "new.txt").write_text("x\n")


def elsewhere(clone: Path) -> None:
    run("git", "switch", "--quiet", "-c", "side", cwd=clone)


def tagged(clone: Path) -> None:
    run("git", "tag", f"v{VERSION}", cwd=clone)


def unsaid(clone: Path) -> None:
    path = clone / "CHANGELOG.md"
    path.write_text(path.read_text().replace("### Goes stale\n\n* Nothing.\n", "", 1))
    save(clone)


def undated(clone: Path) -> None:
    path = clone / "CHANGELOG.md"
    path.write_text(path.read_text().replace(f"{VERSION} - 2027-01-01", f"{VERSION} - unreleased"))
    save(clone)


def forgetful(clone: Path) -> None:
    path = clone / "checklists/scoping.yml"
    path.write_text(path.read_text().replace("    was: [scoping.feasibility]\n", ""))
    save(clone)


@pytest.mark.parametrize(
    ("spoil", "version", "word"),
    [
        (dirty, VERSION, "the tree is not clean"),
        (elsewhere, VERSION, "a release is made on main"),
        (tagged, VERSION, f"the tag v{VERSION} exists"),
        (lambda clone: None, "0.1.0", "is not newer than"),
        (lambda clone: None, "7.0", "must be x.y.z"),
        (lambda clone: None, AFTER, f"its first section must be `## {AFTER}"),
        (unsaid, VERSION, "says nothing under `### Goes stale`"),
        (undated, VERSION, f"its first section must be `## {VERSION}"),
        (forgetful, VERSION, "scoping.feasibility is forgotten"),
    ],
)
def test_a_release_says_what_stands_in_its_way(clone, spoil, version, word):
    spoil(clone)
    before = run("git", "rev-parse", "HEAD", cwd=clone).stdout

    done = release(clone, version)

    assert done.returncode == 1
    assert word in done.stderr
    assert "Traceback" not in done.stderr
    assert run("git", "rev-parse", "HEAD", cwd=clone).stdout == before
