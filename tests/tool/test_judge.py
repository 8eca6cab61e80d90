"""The judge of a pull request: tool and catalog of BASE, nothing imported from HEAD."""

# ruff: noqa: E501 - files in one literal are easier to read than files in pieces

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HOOKS = Path(__file__).resolve().parents[2] / "hooks"
SOFT = "checklist/catalog/scoping.yml"
WAIVER = 'reason: because\nby: "@eve"\napprover: "@mallory"\ndate: "2026-11-20"\nuntil: "2026-12-20"\nitem_rev: 1\n'
WORKFLOW = "on: [pull_request]\njobs:\n  judge:\n    runs-on: ubuntu-latest\n    steps:\n      - run: {run}\n"
STEP = "checklist diff main && checklist gate"


class Places:
    """BASE with its own copy of the tool, HEAD, and the console script that judges."""

    def __init__(self, root: Path, base: Path) -> None:
        self.root, self.base = root, base

    def judge(self, *args: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run BASE's tool on HEAD as the workflow does: its catalog, outside of HEAD."""
        command = [sys.executable, "-P", str(self.base / "checklist-script"), *args]
        where = ["--root", str(self.root), "--catalog", str(self.base / "checklist/catalog")]
        env = {**os.environ, "PYTHONPATH": str(self.base / "hooks"), "PYTHONSAFEPATH": "1"}
        return subprocess.run(
            [*command, *where, "--today", "2026-11-21"], cwd=cwd or self.base, env=env,
            capture_output=True, text=True, check=False,
        )  # fmt: skip


@pytest.fixture
def places(project, tmp_path):
    """Main, in phase mvp with its PoC gate held; a work tree of it that judges; a branch at work."""
    project.write(".copier-answers.yml", "_commit: v1.0.0\n")
    shutil.copytree(HOOKS / "ml_checklist", project.root / "hooks/ml_checklist",
                    ignore=shutil.ignore_patterns("__pycache__"))  # fmt: skip
    project.write(".github/workflows/checklist.yml", WORKFLOW.format(run=STEP))
    project.fill_objective()
    project.write("reports/evaluation.json", '{"beats_baseline": {"low": 0.01}}')
    project.run("start", "affects_people=true", "serving=none")
    for name, cited in (
        ("scoping.objective", "docs/problem.md#objective"),
        ("scoping.users", "https://example.org/u"),
    ):
        project.run("tick", name, "-e", cited, "--by", "@ann", "--today", "2026-11-20")
    assert project.run("promote", "mvp").code == 0
    project.commit("main")
    base = tmp_path / "base"
    project.git("worktree", "add", "-q", "--detach", str(base), "HEAD")
    (base / "checklist-script").write_text(
        "import sys\nfrom ml_checklist.cli import main\nsys.exit(main())\n"
    )
    project.git("checkout", "-q", "-b", "work")
    return Places(project.root, base)


def test_an_honest_branch_passes(places, project):
    project.write("README.md", "Shop\n")
    project.commit("work")

    assert places.judge("validate").returncode == 0
    assert places.judge("diff", "main").returncode == 0
    assert places.judge("gate").returncode == 0


def test_a_branch_that_edits_tool_catalog_waiver_and_workflow_is_red(places, project, item):
    """It breaks an item, then does everything to look green."""
    project.write("reports/evaluation.json", '{"beats_baseline": {"low": -0.2}}')
    project.commit("worse model")
    honest = places.judge("diff", "main")
    project.write(
        "hooks/ml_checklist/cli.py", "def main():\n    print('all is well')\n    return 0\n"
    )
    project.catalog(item("scoping.beats", level="may"))
    project.write("checklist/waivers/scoping.beats.yml", WAIVER)
    project.write(".github/workflows/checklist.yml", WORKFLOW.format(run="'true'"))
    project.write("checklist/project.yml", "phase: poc\n")
    project.commit("look green")
    own = subprocess.run(
        [sys.executable, "-m", "ml_checklist", "gate"], cwd=project.root, check=False,
        env={**os.environ, "PYTHONPATH": "hooks"}, capture_output=True, text=True,
    )  # fmt: skip
    judged = places.judge("diff", "main")

    assert honest.returncode == 1
    assert "lost     scoping.beats" in honest.stdout
    assert (own.returncode, own.stdout) == (0, "all is well\n")
    assert judged.returncode == 1
    assert "Tampered: 2 files of the judge" in judged.stdout
    assert "hooks/ml_checklist/cli.py" in judged.stdout
    assert SOFT in judged.stdout
    assert "Phase: mvp -> poc." in judged.stdout
    assert "checklist/waivers/scoping.beats.yml" in judged.stdout
    assert ".github/workflows/checklist.yml" in judged.stdout


def test_a_template_version_that_is_only_claimed_does_not_move_the_judge(places, project, item):
    """A version is not believed; the catalog of BASE judges all the same."""
    project.write("reports/evaluation.json", '{"beats_baseline": {"low": -0.2}}')
    project.write(".copier-answers.yml", "_commit: v9.9.9\n")
    project.catalog(item("scoping.users", level="may"))
    project.commit("claims an update")
    judged = places.judge("diff", "main")

    assert judged.returncode == 1
    assert "lost     scoping.beats" in judged.stdout
    assert "Tampered: 1 files of the judge are not those of v9.9.9" in judged.stdout
    assert places.judge("gate").returncode == 1


@pytest.mark.parametrize("name", ["yaml.py", "ml_checklist/__init__.py", "argparse.py", "sitecustomize.py", "json/__init__.py"])  # fmt: skip
def test_nothing_is_imported_from_the_folder_of_head(places, project, name):
    project.write(name, "import os\nopen('owned', 'w').close()\nos._exit(0)\n")
    project.commit("bring a module")
    for cwd in (places.base, project.root):
        ran = places.judge("validate", cwd=cwd)
        assert "in order" in ran.stdout
        assert not (project.root / "owned").exists()
        assert not (places.base / "owned").exists()


def test_the_settings_of_head_steer_nothing(places, project):
    """What git, pytest or uv would read from the folder is data to the judge."""
    project.write(".gitattributes", "* filter=evil diff=evil export-ignore\n")
    project.write("uv.toml", "this is no TOML\n")
    project.write("pyproject.toml", "[tool.uv]\nindex-url = 'https://evil.example'\n")
    project.commit("settings")

    assert places.judge("diff", "main").returncode == 0


def test_an_old_fork_point_brings_no_judge_of_its_own(places, project):
    """The judge is main's tip: a branch from before the checklist is judged by it too."""
    project.git("checkout", "-q", "--orphan", "old")
    project.git("rm", "-rqf", ".")
    project.write("checklist/catalog/x.yml", "section: x\n")
    project.write("checklist/project.yml", "phase: poc\n")
    project.commit("old")
    ran = places.judge("gate", "poc")

    assert ran.returncode == 1
    assert "scoping.beats" in ran.stdout
