"""The checklist alone, added to an existing repository."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import copier
import pytest

from tests.conftest import run

OWN = {
    "README.md": "# Tides\n\nPredicts the height of the next tide.\n",
    "LICENSE": "All rights reserved.\n",
    "pyproject.toml": (
        '[project]\nname = "tides"\nversion = "3.1"\ndependencies = ["numpy"]\n'
        "[tool.pytest.ini_options]\naddopts = ['-q']\n"
    ),
    ".gitignore": "*.pyc\n__pycache__/\n/data/\n",
    ".gitattributes": "*.csv -text\n",
    ".pre-commit-config.yaml": "repos: []\n",
    ".github/workflows/ci.yml": (
        "on: [pull_request]\n"
        "jobs: {t: {runs-on: ubuntu-latest, steps: [{run: python -m pytest}]}}\n"
    ),
    ".github/CODEOWNERS": "* @harbour\n",
    "CODEOWNERS": "* @harbour\n",
    "docs/problem.md": "# Our problem page\n\n## Objective\n\nWarn the harbour of high water.\n",
    "docs/conf.py": "project = 'tides'\n",
    "tides/__init__.py": '"""Tides."""\n',
    "tides/model.py": "def height(t: float) -> float:\n    return 2.0 * t\n",
    "tests/test_model.py": "from tides.model import height\n\n\ndef test_height():\n"
    "    assert height(1) == 2\n",
    "Makefile": "test:\n\tpython -m pytest\n",
    "notes with spaces/ü.md": "Grüße\r\n",
}


def adopt(template: Path, root: Path, **answers: Any) -> None:
    """`copier copy -s '*' --data scaffold=checklist`."""
    copier.run_copy(
        str(template),
        root,
        data={"scaffold": "checklist", **answers},
        skip_if_exists=["*"],
        defaults=True,
        quiet=True,
        unsafe=False,
    )


def snapshot(root: Path, names: list[str]) -> dict[str, str]:
    """The hash and mode of each file."""
    return {
        name: hashlib.sha256((root / name).read_bytes()).hexdigest()
        + oct((root / name).stat().st_mode)
        for name in names
    }


def own_tool(root: Path, *args: str, cwd: Path | None = None) -> "subprocess.CompletedProcess[str]":
    """The tool that lies in the repository, without installing it."""
    command = (sys.executable, "-m", "ml_checklist", *args)
    return run(*command, cwd=cwd or root, check=False, PYTHONPATH=str(root / "hooks"))


@pytest.fixture(scope="module")
def adopted(
    template: Path, tmp_path_factory: pytest.TempPathFactory, own_settings: None
) -> tuple[Path, dict[str, str]]:
    """A repository of others with the checklist in it, and what its files were before."""
    root = tmp_path_factory.mktemp("foreign") / "tides"
    for name, text in OWN.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    (root / "Makefile").chmod(0o755)
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "own"]):
        run("git", *command, cwd=root)
    before = snapshot(root, list(OWN))
    adopt(template, root, project_name="Tides")
    return root, before


def test_not_one_file_of_the_owner_is_changed(adopted):
    root, before = adopted

    assert snapshot(root, list(OWN)) == before
    assert run("git", "diff", "--stat", cwd=root).stdout == ""
    assert (root / "hooks/ml_checklist/cli.py").is_file()
    assert (root / "checklist/catalog/scoping.yml").is_file()


def test_nothing_but_the_checklist_arrives(adopted):
    root, _ = adopted
    new = run("git", "ls-files", "-o", "--exclude-standard", cwd=root).stdout.splitlines()
    places = {name.split("/")[0] for name in new}

    assert places <= {".copier-answers.yml", ".github", "checklist", "docs", "hooks"}
    assert [name for name in new if name.startswith(".github")] == [
        ".github/workflows/checklist.yml"
    ]


def test_the_tool_runs_there_and_names_what_the_owner_kept(adopted):
    root, _ = adopted
    status, validate = own_tool(root, "status"), own_tool(root, "validate")

    assert status.returncode == 0, status.stderr
    assert "PoC" in status.stdout
    assert validate.returncode == 0, validate.stderr
    for name in (".pre-commit-config.yaml", ".gitattributes", "CODEOWNERS", ".gitignore"):
        assert f"warning: {name}: is yours and was left as it is" in validate.stdout


def test_two_models_in_one_repository(adopted, tmp_path):
    root = tmp_path / "tides"
    shutil.copytree(adopted[0], root, symlinks=True)
    for name in ("tide", "storm"):
        (root / f"models/{name}/checklist").mkdir(parents=True)
        text = f"phase: poc\nroot: ../../services/{name}\n"
        (root / f"models/{name}/checklist/project.yml").write_text(text)
        page = root / f"services/{name}/docs/data-card.md"
        page.parent.mkdir(parents=True)
        page.write_text(
            f"# Data\n\n## Known gaps\n\nNo reading of the {name} from before the quay was raised "
            "in 2019, and none from the nights when the gauge froze: do not trust either season.\n"
        )
    here = root / "models/tide"
    cited = ("-e", "docs/data-card.md#known-gaps", "--by", "@harbour")
    ticked = own_tool(root, "tick", "data.known-gaps", *cited, cwd=here)

    assert ticked.returncode == 0, ticked.stderr
    assert "ok       data.known-gaps" in own_tool(root, "status", "--all", cwd=here).stdout
    other = own_tool(root, "status", "--all", cwd=root / "models/storm").stdout
    assert "to do    data.known-gaps" in other


def test_leaving_gives_the_repository_back(adopted, tmp_path):
    root = tmp_path / "tides"
    shutil.copytree(adopted[0], root, symlinks=True)
    for name in ("checklist", "hooks"):
        shutil.rmtree(root / name)
    for name in (".copier-answers.yml", ".github/workflows/checklist.yml"):
        (root / name).unlink()
    left = run("git", "ls-files", "-o", "--exclude-standard", cwd=root).stdout.splitlines()

    assert snapshot(root, list(OWN)) == adopted[1]
    assert all(name.startswith("docs/") for name in left)


@pytest.mark.slow
def test_uv_runs_it_without_the_owners_environment(adopted, tmp_path):
    root = tmp_path / "tides"
    shutil.copytree(adopted[0], root, symlinks=True)
    ran = run("uv", "run", "--project", "hooks", "checklist", "status", cwd=root, check=False)
    if "failed to fetch" in ran.stderr.lower() or "dns error" in ran.stderr.lower():
        pytest.skip("the package index cannot be reached")

    assert ran.returncode == 0, ran.stderr
    assert "PoC" in ran.stdout
    assert not (root / ".venv").exists()
    assert snapshot(root, list(OWN)) == adopted[1]
