"""The demo in a fresh clone: made once, looked at by several tests."""

import hashlib
from pathlib import Path

import pytest

from tests.conftest import copy_tree, run, tracked_files


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone of the working tree, without its .venv and build."""
    origin = copy_tree(tracked_files(), tmp_path_factory.mktemp("origin"))
    run("git", "init", "--quiet", cwd=origin)
    run("git", "add", "--all", cwd=origin)
    run("git", "commit", "--quiet", "--message", "All", cwd=origin)
    clone = tmp_path_factory.mktemp("clones") / "copier-ml"
    run("git", "clone", "--quiet", str(origin), str(clone), cwd=origin)
    return clone


def digest(folder: Path) -> str:
    """One hash over names and bytes of all files below `folder`."""
    whole = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        whole.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes() + b"\0")
    return whole.hexdigest()


@pytest.fixture(scope="session")
def demo(clone, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The demo in the clone's build/demo, made without a git identity; and what it said."""
    nobody = tmp_path_factory.mktemp("nobody") / "gitconfig"
    nobody.write_text("[user]\n\tuseConfigOnly = true\n")
    before = digest(clone / ".git")
    done = run("make", "demo", cwd=clone, GIT_CONFIG_GLOBAL=str(nobody))
    assert digest(clone / ".git") == before, "the demo changed the clone's own .git"
    return clone / "build/demo", done.stdout


@pytest.fixture(scope="session")
def demo_output(demo: tuple[Path, str]) -> str:
    """What `make demo` printed."""
    return demo[1]
