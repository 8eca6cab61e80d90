"""The shell text of the shipped workflows, run in two clones: tool and catalog of the base decide.

The commands of the host are stand-ins; git, the shell and the checklist tool are real.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from ml_checklist import proofs

from tests.conftest import Render, run

# ruff: noqa: E501 - files in one literal are easier to read than files in pieces

HOOKS = Path(__file__).resolve().parents[2] / "hooks"
HOSTS = ("github", "gitlab")
FILES = {"github": ".github/workflows/checklist.yml", "gitlab": ".gitlab/ci/checklist.yml"}
# `python3 -I -m venv FOLDER`: a Python that keeps what pip is asked and installs nothing.
PYTHON = """#!/bin/sh
mkdir -p "$4/bin"
cat > "$4/bin/python" <<'END'
#!/bin/sh
case "$*" in *"-m pip"*) echo "$@" >> {log}; exit 0;; esac
exec {python} "$@"
END
chmod +x "$4/bin/python"
"""
# The only run of main that the host knows is that of the commit in the file `run`.
GH = """#!/bin/sh
echo "gh $*" >> {log}
case "$1 $2" in
"run list") case "$*" in *"--commit $(cat {folder}/run)"*) echo 7;; esac;;
"run download") mkdir -p base-proofs && cp {folder}/base.json base-proofs/proofs.json;;
esac
"""
MAKE = """#!/bin/sh
echo "make $*" >> {log}
if [ "$3" = test ]; then mkdir -p "$2/.checklist" && cp {folder}/base.json "$2/.checklist/proofs.json"; fi
"""
TOOL = "def main():\n    print('all is well')\n    return 0\n"
PROVING = 'import pytest\n\n\n@pytest.mark.proves("scoping.tested")\ndef test_x():\n    assert 1 + 1 == 2\n'


class Ran(NamedTuple):
    """How the job ended, and what it printed and put into its summary."""

    code: int
    out: str


class Host:
    """An origin, the stand-ins, and a job that runs in a clone of a branch of it."""

    def __init__(self, folder: Path, project: Any, texts: dict[str, str]) -> None:
        self.folder, self.project, self.texts = folder, project, texts
        self.log, self.bin = folder / "log", folder / "bin"
        self.log.touch()
        self.bin.mkdir()
        (folder / "run").write_text("none")
        known = {"log": self.log, "python": sys.executable, "folder": folder}
        for name, text in (("python3", PYTHON), ("gh", GH), ("make", MAKE)):
            (self.bin / name).write_text(text.format(**known))
            (self.bin / name).chmod(0o755)

    def judge(self, host: str, text: str = "", artifact: Path | None = None) -> Ran:
        """Run the job on the branch `work`; `text` in place of the shipped workflow."""
        self.project.git("push", "-q", "-f", str(self.folder / "origin.git"), "work", "main")
        place = self.folder / f"job-{len(list(self.folder.glob('job-*')))}"
        place.mkdir()
        workflow = yaml.safe_load(text or self.texts[host])
        return {"github": self._github, "gitlab": self._gitlab}[host](workflow, place, artifact)

    def _clone(self, to: Path) -> None:
        options = ("--quiet", "--branch", "work")
        run("git", "clone", *options, str(self.folder / "origin.git"), str(to), cwd=self.folder)

    def _env(self, **more: str) -> dict[str, str]:
        return {**os.environ, "PATH": f"{self.bin}:{os.environ['PATH']}", **more}

    def _github(self, workflow: dict[str, Any], place: Path, artifact: Path | None) -> Ran:
        job = workflow["jobs"]["judge"]
        env = self._env(BASE=self.project.git("rev-parse", "main").strip(), RUNNER_TEMP=str(place))
        env |= {"PYTHONSAFEPATH": job["env"]["PYTHONSAFEPATH"]}
        for name in ("GITHUB_ENV", "GITHUB_PATH", "GITHUB_STEP_SUMMARY"):
            (place / name).touch()
            env[name] = str(place / name)
        failed, out = False, ""
        for step in job["steps"]:
            if "checkout" in step.get("uses", ""):
                self._clone(place / "head")
            elif "download-artifact" in step.get("uses", "") and artifact:
                self._download(artifact, place / step["with"]["path"])
            elif "run" in step and wanted(step.get("if", ""), failed):
                done = shell(step["run"], place, env)
                out += done.stdout + done.stderr
                failed = failed or (done.returncode != 0 and not step.get("continue-on-error"))
            env |= dict(
                line.split("=", 1) for line in (place / "GITHUB_ENV").read_text().splitlines()
            )
            found = (place / "GITHUB_PATH").read_text().split()
            env["PATH"] = ":".join([*found, str(self.bin), os.environ["PATH"]])
        return Ran(int(failed), out + (place / "GITHUB_STEP_SUMMARY").read_text())

    def _gitlab(self, workflow: dict[str, Any], place: Path, artifact: Path | None) -> Ran:
        job, head = workflow["checklist"], place / "head"
        self._clone(head)
        if artifact:
            self._download(artifact, head / ".checklist")
        asked = {"CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main"}
        env = self._env(CI_PIPELINE_SOURCE="merge_request_event", **asked, **job["variables"])
        done = shell(
            "\n".join([*job["before_script"], *job["script"]]), head, env, "-o", "pipefail"
        )
        return Ran(done.returncode, done.stdout + done.stderr)

    def _download(self, artifact: Path, to: Path) -> None:
        to.mkdir(exist_ok=True)
        shutil.copy(artifact, to / "proofs.json")


def shell(
    text: str, cwd: Path, env: dict[str, str], *options: str
) -> subprocess.CompletedProcess[str]:
    """Run a script as the hosts do: it ends at the first failure."""
    command = ["bash", "-e", *options, "-c", text]
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)


def wanted(condition: str, failed: bool) -> bool:
    """Whether a step of a pull request runs: `!cancelled()` runs after a failure too."""
    known = {"!cancelled()", "env.BASE != ''", "env.BASE == ''"}
    parts = [part.strip() for part in condition.strip("${} ").split("&&") if part.strip()]
    assert set(parts) <= known, parts
    return "env.BASE == ''" not in parts and (not failed or "!cancelled()" in parts)


@pytest.fixture(scope="module")
def texts(rendered: Render) -> dict[str, str]:
    """The workflow of each host, as a project gets it."""
    return {host: (rendered(ci=host) / FILES[host]).read_text() for host in HOSTS}


@pytest.fixture
def host(
    project: Any, item: Callable[..., str], texts: dict[str, str], rendered: Render, tmp_path: Path
) -> Host:
    """Main, in phase mvp with its PoC gate held and its tool beside it; the branch `work`."""
    shipped = rendered(ci="github") / "hooks"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(HOOKS / "ml_checklist", project.root / "hooks/ml_checklist", ignore=ignored)
    for name in ("install.sh", "requirements.txt", "pyproject.toml"):
        shutil.copy(shipped / name, project.root / "hooks" / name)
    project.write(".copier-answers.yml", "_commit: v1.0.0\n")
    project.write("tests/test_x.py", PROVING)
    project.write("reports/evaluation.json", '{"beats_baseline": {"low": 0.01}}')
    project.fill_objective()
    text = (project.root / "checklist/catalog/scoping.yml").read_text()
    tested = item(
        "scoping.tested", "auto", level="should", phase="mvp", extra="probe: {type: proven}"
    )
    project.write("checklist/catalog/scoping.yml", text + tested)
    project.run("start", "affects_people=true", "serving=none")
    for name, cited in (
        ("scoping.objective", "docs/problem.md#objective"),
        ("scoping.users", "https://example.org/u"),
    ):
        project.run("tick", name, "-e", cited, "--by", "@ann")
    assert project.run("promote", "mvp").code == 0
    project.write(".gitignore", "__pycache__/\n")
    project.commit("main")
    report(project, tmp_path / "base.json", "passed")
    run("git", "clone", "--quiet", "--bare", ".", str(tmp_path / "origin.git"), cwd=project.root)
    project.git("checkout", "-q", "-b", "work")
    return Host(tmp_path, project, texts)


def report(project: Any, path: Path, outcome: str) -> Path:
    """The report of a run of the tests on the files as they are."""
    result = {"item": "scoping.tested", "test": "tests/test_x.py::test_x", "outcome": outcome}
    path.write_text(json.dumps({**proofs.identity(project.root), "results": [result]}))
    return path


def break_and_hide(project: Any) -> None:
    """Break an item, then edit the judge of the branch so that it is content with anything."""
    project.write("reports/evaluation.json", '{"beats_baseline": {"low": -0.2}}')
    project.write("hooks/ml_checklist/cli.py", TOOL)
    project.write("hooks/ml_checklist/__main__.py", "from .cli import main\n\nmain()\n")
    project.write("hooks/pyproject.toml", "[project]\nname = 'mine'\n")
    project.commit("look green")


def claim_a_gate(project: Any) -> None:
    """Declare a phase whose gate does not hold; nothing else is wrong."""
    settings = "phase: production\nfacts: {affects_people: true, serving: none}\n"
    project.write("checklist/project.yml", settings)
    project.commit("claim")


@pytest.mark.parametrize("name", HOSTS)
def test_an_honest_branch_is_green(host: Host, name: str) -> None:
    host.project.write("README.md", "Shop\n")
    host.project.commit("work")
    ran = host.judge(name, artifact=report(host.project, host.folder / "head.json", "passed"))

    assert ran.code == 0, ran.out
    assert "0 set aside, 0 lost" in ran.out
    assert "--require-hashes" in host.log.read_text()


FAULTS = {
    ("github", "the judge is the branch"): ("judge=base", "judge=head", break_and_hide),
    ("gitlab", "the judge is the branch"): ("judge=$place/base", "judge=$PWD", break_and_hide),
    ("github", "the gate is ignored"): (
        'checklist gate --root head --catalog "$JUDGE"',
        'checklist gate --root head --catalog "$JUDGE" || true',
        claim_a_gate,
    ),
    ("gitlab", "the gate is ignored"): (
        "checklist gate || code=$?",
        "checklist gate || true",
        claim_a_gate,
    ),
    ("github", "the comparison is ignored"): ('exit "$code"', "exit 0", break_and_hide),
    ("gitlab", "the comparison is ignored"): (
        "> checklist.md || code=$?",
        "> checklist.md || true",
        break_and_hide,
    ),
}


@pytest.mark.parametrize(("name", "fault"), FAULTS)
def test_a_branch_is_red_and_a_fault_of_the_workflow_would_show(
    host: Host, name: str, fault: str
) -> None:
    shipped, faulty, attack = FAULTS[name, fault]
    attack(host.project)
    if fault == "the comparison is ignored":
        host.project.write("checklist/project.yml", "phase: poc\n")
        host.project.commit("claim nothing")
    text, proven = host.texts[name], report(host.project, host.folder / "head.json", "passed")
    ran = host.judge(name, artifact=proven)
    planted = host.judge(name, text.replace(shipped, faulty), proven)

    assert text.count(shipped) == 1
    assert ran.code == 1, ran.out
    assert "all is well" not in ran.out
    assert planted.code == 0, planted.out


@pytest.mark.parametrize("name", HOSTS)
@pytest.mark.parametrize("known", [True, False])
def test_what_the_base_proved_is_compared_at_the_commit_where_the_branch_began(
    host: Host, name: str, known: bool
) -> None:
    """Main has moved on. GitHub has a run of that commit or it has none; then its tests are run."""
    start = host.project.git("rev-parse", "main").strip()
    host.project.write("notes.md", "x\n")
    host.project.commit("work")
    host.project.git("checkout", "-q", "main")
    host.project.write("src/a.py", "x = 1\n")
    host.project.commit("later")
    host.project.git("checkout", "-q", "work")
    (host.folder / "run").write_text(start if known else "another")
    ran = host.judge(name, artifact=report(host.project, host.folder / "head.json", "skipped"))
    calls = host.log.read_text()

    assert ran.code == 1, ran.out
    assert re.search(r"\| lost \| `scoping.tested`", ran.out)
    assert ("make -C start test" in calls) == (name == "gitlab" or not known)


@pytest.mark.parametrize("name", HOSTS)
def test_a_link_of_the_branch_leads_no_file_of_the_job_elsewhere(host: Host, name: str) -> None:
    """A link that is followed would let a branch choose what the job writes over."""
    own = host.project.write("docs/own.md", "Ours\n")
    (host.project.root / "checklist.md").symlink_to("docs/own.md")
    if name == "github":  # on GitLab the runner itself unpacks artifacts, before the script
        (host.project.root / ".checklist").symlink_to("docs")
    host.project.commit("links")
    host.judge(name, artifact=report(host.project, host.folder / "head.json", "passed"))
    head = host.folder / "job-0/head"

    assert (head / "docs/own.md").read_text() == own.read_text()
    assert not (head / "docs/proofs.json").exists()
    assert not (name == "gitlab" and (head / "checklist.md").is_symlink())


def test_only_a_comment_of_the_bot_is_written_over(texts: dict[str, str], tmp_path: Path) -> None:
    """The real filter of the workflow, on comments of others and of the bot."""
    steps = yaml.safe_load(texts["github"])["jobs"]["comment"]["steps"]
    comments = [
        {"id": 1, "user": {"login": "mallory"}, "body": "<!-- checklist -->"},
        {"id": 2, "user": {"login": "github-actions[bot]"}, "body": "Something else"},
        {"id": 3, "user": {"login": "github-actions[bot]"}, "body": "<!-- checklist -->\nold"},
    ]
    if shutil.which("jq") is None:
        pytest.skip("jq, which filters as gh does, is not installed")
    (tmp_path / "checklist.md").write_text("text\n")
    (tmp_path / "comments").write_text(json.dumps(comments))
    stub = f'#!/bin/sh\necho "$@" >> {tmp_path}/log\n[ "$2" = --paginate ] && jq -r "$5" {tmp_path}/comments\nexit 0\n'
    (tmp_path / "gh").write_text(stub)
    (tmp_path / "gh").chmod(0o755)
    env = {
        **os.environ,
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "REPOSITORY": "a/b",
        "NUMBER": "1",
    }
    done = shell(steps[-1]["run"], tmp_path, env)

    assert done.returncode == 0, done.stderr
    assert "--method PATCH repos/a/b/issues/comments/3 " in (tmp_path / "log").read_text()
