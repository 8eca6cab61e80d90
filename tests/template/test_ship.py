"""What component ship promises: an image, limits, an audit, an SBOM, a release."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from tests.conftest import ROOT, Render, copy_installed, run

VENV = Path(sys.executable).parent
TODAY = date(2026, 11, 21)
SHIPPED = [
    ".devcontainer",
    ".dockerignore",
    ".secrets.baseline",
    "CHANGELOG.md",
    "Dockerfile",
    "compose.yaml",
    "conf/audit.yaml",
    "deploy/nginx.conf",
    "make/audit.mk",
    "make/audit.py",
    "make/lineage.py",
    "make/release.mk",
    "make/release.py",
    "make/sbom.py",
    "tests/ship",
]
ANSWERS = {"github": {"ci": "github"}, "gitlab-worker": {"ci": "gitlab", "components": ["worker"]}}


@pytest.fixture(scope="module", params=list(ANSWERS.values()), ids=tuple(ANSWERS))
def project(request, rendered: Render) -> Path:
    return rendered(scaffold="mvp", **request.param)


def check_schema(name: str, *files: str, cwd: Path) -> None:
    assert files
    checker = str(VENV / "check-jsonschema")
    run(checker, "--builtin-schema", f"vendor.{name}", *files, cwd=cwd)


def test_a_proof_of_concept_has_nothing_of_it(rendered):
    poc, mvp = rendered(scaffold="poc"), rendered(scaffold="mvp")

    assert [name for name in SHIPPED if not (mvp / name).exists()] == []
    assert [name for name in SHIPPED if (poc / name).exists()] == []
    assert sorted(p.name for p in (poc / ".github").iterdir()) == ["workflows"]


def test_the_image_copies_only_what_dockerignore_allows(project):
    allowed = (project / ".dockerignore").read_text().splitlines()
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (project / "Dockerfile").read_text(), re.M)
    sources = {source for line in copied for source in line.split()}

    assert "*" in allowed
    assert sources == {line[1:] for line in allowed if line.startswith("!")}
    assert [s for s in sources - {"uv.lock"} if not (project / s).exists()] == []


def test_the_image_has_pinned_parts_a_numeric_user_and_a_health_check(project):
    text = (project / "Dockerfile").read_text()

    assert re.search(r"^USER [1-9]\d+$", text, re.M)
    assert re.search(r"^HEALTHCHECK (.|\n)*?CMD \[\S+python", text, re.M)
    assert text.splitlines()[-1].startswith('CMD ["my-model", "serve"')
    assert not re.search(r"^FROM \S+(:latest|/[^:\s]+)(\s|$)", text, re.M)
    compose = (project / "compose.yaml").read_text()
    assert ("--group worker" in text) == ("\n  worker:\n" in compose)


def test_compose_and_the_update_bot_fit_their_schemas(project):
    check_schema("compose-spec", "compose.yaml", cwd=project)
    if (project / ".github").exists():
        check_schema("dependabot", ".github/dependabot.yml", cwd=project)
    else:
        check_schema("renovate", ".gitlab/renovate.json", cwd=project)
        files = sorted(str(p.relative_to(project)) for p in project.glob(".gitlab/ci/*.yml"))
        check_schema("gitlab-ci", ".gitlab-ci.yml", *files, cwd=project)


def test_each_container_is_restricted(project):
    services = yaml.safe_load((project / "compose.yaml").read_text())["services"]

    for name, each in services.items():
        assert each["read_only"] is True, name
        assert each["cap_drop"] == ["ALL"], name
        assert each["security_opt"] == ["no-new-privileges:true"], name
        assert each["mem_limit"], name
        assert each["cpus"], name


def test_the_development_container_sets_the_project_up(project):
    content = json.loads((project / ".devcontainer/devcontainer.json").read_text())

    assert re.search(r":\d+\.\d+", content["image"])
    assert "make setup" in content["postCreateCommand"]


def test_a_reviewer_is_asked_about_leakage_personal_data_and_harm(project):
    forms = [".github/pull_request_template.md", ".gitlab/merge_request_templates/Default.md"]
    texts = [(project / form).read_text() for form in forms if (project / form).exists()]

    assert len(texts) == 1
    assert re.search(r"leak(.|\n)*personal data(.|\n)*worse off", texts[0], re.I)


def states(project: Path) -> dict[str, str]:
    report = run(sys.executable, "-m", "ml_checklist", "report", "--format", "json", cwd=project)
    return {item["id"]: item["state"] for item in json.loads(report.stdout)["items"]}


def test_its_items_of_the_checklist_pass(project, tmp_path):
    copy = tmp_path / "project"
    shutil.copytree(project, copy)
    (copy / "checklist/project.yml").write_text(
        "phase: poc\nfacts:\n  serving: realtime\n  team: true\n  open_source: false\n"
    )
    subprocess.run(["git", "init", "--quiet"], cwd=copy, check=True)

    found = states(copy)

    for item in (
        "architecture.resources",
        "continuous.main-tested",
        "continuous.releasable",
        "deployment.container",
        "deployment.limits",
        "deployment.provenance",
        "deployment.sbom",
        "environment.updates",
        "responsible-ai.review-questions",
    ):
        assert found[item] == "pass", item
    for item in ("version-control.releases", "deployment.release", "continuous.runbook"):
        assert found[item] != "pass", f"{item}: an empty form proves nothing"


@pytest.mark.parametrize("folder", ["make", "make/site"])
def test_the_scripts_are_typed(rendered, folder):
    scripts = rendered(scaffold="mvp", components=["docs"]) / folder
    strict = [str(VENV / "mypy"), "--strict", "--ignore-missing-imports", "--config-file="]
    # Here yaml has types, and mkdocs is not installed; in a project it is the other way round.
    strict += ["--no-warn-unused-ignores", "--allow-subclassing-any"]

    run(*strict, *sorted(p.name for p in scripts.glob("*.py")), cwd=scripts)


def script(name: str) -> ModuleType:
    """A script of make/ as a module."""
    path = ROOT / f"template/{{{{ ship }}}}/make/{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def audit() -> ModuleType:
    return script("audit")


@pytest.fixture(scope="module")
def release() -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "template/{{ ship }}/make"))
        yield script("release")


FORM = '> fill: a line such as "- Customers are predicted too."'


@pytest.mark.parametrize(
    ("text", "reasons"),
    [
        ("- First model.", []),
        ("* First model.", []),
        ("- Faster", []),
        ("", ["no line does"]),
        ("First model.", ["no line does"]),
        ("- \n\n---", ["no line does"]),
        (FORM, ["no line does", "still has the line '> fill:'"]),
        (f"- First model.\n\n{FORM}", ["still has the line '> fill:'"]),
    ],
)
def test_a_release_needs_a_line_of_changes_and_no_form(release, text, reasons):
    found = release.undescribed(text)

    assert len(found) == len(reasons)
    assert all(reason in line for reason, line in zip(reasons, found, strict=True))


def test_a_finding_is_accepted_until_its_day_and_not_after(audit, tmp_path):
    path = tmp_path / "audit.yaml"
    path.write_text(
        "accepted:\n"
        "  - {id: GHSA-1, reason: not called, until: 2026-11-21}\n"
        "  - {id: GHSA-2, reason: not called, until: 2026-11-20}\n"
    )

    assert audit.read_accepted(path, TODAY) == ["GHSA-1"]


def test_an_accepted_finding_needs_a_reason_and_a_day(audit, tmp_path):
    path = tmp_path / "audit.yaml"
    path.write_text("accepted:\n  - {id: GHSA-1, reason: we do not call it}\n")

    with pytest.raises(SystemExit, match=r"must be \{id, reason, until"):
        audit.read_accepted(path, TODAY)


def test_the_audit_is_strict_and_passes_on_what_is_accepted(rendered, tmp_path):
    project, programs = rendered(scaffold="mvp"), tmp_path / "bin"
    programs.mkdir()
    found = 'echo "$@"; echo Found 1 known vulnerability in 1 package >&2; exit 1'
    write_programs(programs, {"uv": "exit 0", "pip-audit": found})
    (tmp_path / "conf").mkdir()
    accepted = "{id: GHSA-1, reason: not called, until: 2999-12-31}"
    (tmp_path / "conf/audit.yaml").write_text(f"accepted: [{accepted}]\n")
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"

    done = run(sys.executable, str(project / "make/audit.py"), cwd=tmp_path, check=False, PATH=path)

    assert done.returncode == 1
    assert {"--strict", "--require-hashes", "--ignore-vuln=GHSA-1"} <= set(done.stdout.split())
    assert "uv lock --upgrade-package NAME" in done.stderr


def write_programs(folder: Path, texts: dict[str, str]) -> None:
    """Programs of the shell, by name."""
    for name, text in texts.items():
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)


def test_an_audit_that_could_not_look_up_all_packages_has_an_exit_code_of_its_own(
    rendered, tmp_path
):
    project, programs = rendered(scaffold="mvp"), tmp_path / "bin"
    programs.mkdir()
    offline = "echo Traceback >&2; echo ConnectionError: no route to host >&2; exit 1"
    write_programs(programs, {"uv": "exit 0", "pip-audit": offline})
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    command = [sys.executable, str(project / "make/audit.py")]

    done = run(*command, cwd=project, check=False, PATH=path)

    assert done.returncode == 3
    text = "audit: not all packages could be looked up: ConnectionError: no route to host\n"
    assert done.stderr == text


@pytest.mark.skipif(not shutil.which("nginx"), reason="nginx is not installed")
def test_the_proxy_accepts_its_configuration(rendered, tmp_path):
    text = (rendered(scaffold="mvp") / "deploy/nginx.conf").read_text()
    (tmp_path / "nginx.conf").write_text(text.replace("/tmp/", f"{tmp_path}/"))

    run("nginx", "-t", "-c", str(tmp_path / "nginx.conf"), cwd=tmp_path)


# In a project that is set up


@pytest.fixture
def own(installed_project: Callable[..., Path], tmp_path: Path) -> Path:
    """A clone that shares the environment of the one that is set up."""
    origin = installed_project(scaffold="mvp", components=["docs"])
    copy = tmp_path / "project"
    run("git", "clone", "--quiet", str(origin), str(copy), cwd=tmp_path)
    (copy / ".venv").symlink_to(origin / ".venv")
    return copy


def test_a_fresh_project_passes_its_hooks_and_holds_no_secret(installed_project, tmp_path):
    project = copy_installed(installed_project(scaffold="mvp"), tmp_path / "project")
    run("make", "hooks", "secrets", cwd=project, CI="1")


@pytest.mark.slow
def test_a_planted_secret_is_refused_by_file_and_line(own):
    key = "AKIA" + "IOSFODNN7" + "ZXCVBNM"
    (own / "src/my_model/utils/remote.py").write_text(f'"""Remote."""\n\nNAME = "{key}"\n')
    run("git", "add", "--all", cwd=own)

    before_commit = run("make", "hooks", cwd=own, check=False)
    whole = run("make", "secrets", cwd=own, check=False)

    for done in (before_commit, whole):
        assert done.returncode != 0
        assert "src/my_model/utils/remote.py:3" in done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("FROM python:latest", "DL3007"),
        ("RUN pip install numpy", "DL3013"),
        ("CMD my-model serve", "DL3025"),
    ],
)
def test_a_careless_line_in_the_dockerfile_is_refused(own, line, rule):
    path = own / "Dockerfile"
    path.write_text(path.read_text() + line + "\n")

    done = run("make", "hooks", cwd=own, check=False)

    assert done.returncode != 0
    assert rule in done.stdout + done.stderr


@pytest.mark.slow
def test_the_site_is_built_strictly_and_loads_nothing_from_elsewhere(own):
    run("make", "docs", cwd=own)
    pages = list((own / "site").rglob("*.html"))
    loaded = [
        (page.name, address)
        for page in pages
        for address in re.findall(
            r'<(?:script|img|link rel="stylesheet)[^>]+(?:src|href)="(https?:[^"]+)',
            page.read_text(),
        )
    ]
    (own / "docs/problem.md").write_text("# Problem\n\n[gone](gone.md)\n")
    broken = run("make", "docs", cwd=own, check=False)

    assert {"index.html", "problem.html", "model-card.html", "scoping.html"} <= {
        p.name for p in pages
    }
    assert loaded == []
    assert broken.returncode != 0
    assert "gone.md" in broken.stdout + broken.stderr


@pytest.mark.slow
def test_the_packages_of_the_image_install_from_what_the_builder_is_given(own, tmp_path):
    context = tmp_path / "app"
    context.mkdir()
    steps = re.findall(
        r"^(COPY (?!--from)(?P<copied>.+) \S+)$|(?P<sync>uv sync .+)$",
        (own / "Dockerfile").read_text(),
        re.M,
    )
    for _, copied, sync in steps[:-1]:  # the last one copies conf/ in the second stage
        for name in copied.split():
            source = own / name
            if source.is_dir():
                shutil.copytree(source, context / name)
            elif copied:
                shutil.copy(source, context / name)
        if sync:
            run(*sync.split(), cwd=context)

    run(".venv/bin/my-model", "--help", cwd=context)
    assert run(".venv/bin/python", "-c", "import fastapi", cwd=context).returncode == 0
    gone = run(".venv/bin/python", "-c", "import ml_checklist", cwd=context, check=False)
    assert gone.returncode != 0, "the checklist tool is for development, not for the image"


@pytest.mark.slow
def test_a_release_has_parts_that_belong_together_or_is_refused(own):
    def release(number: str) -> subprocess.CompletedProcess[str]:
        return run("make", "release", f"VERSION={number}", cwd=own, check=False)

    nothing = release("0.2.0")
    run("make", "prepare", cwd=own)
    save(own, "schema")
    run("make", "train", "evaluate", "register", "promote", cwd=own)
    unsaved = release("0.2.0")
    save(own, "model")
    silent = release("0.2.0")
    log = own / "CHANGELOG.md"
    text = log.read_text()
    log.write_text(text[: text.index("> fill:")] + "- Rows without an age are predicted too.\n")
    save(own, "changelog")
    refused = {"next": "must be like 1.4.0", "0.0.9": "0.0.9 is older"}
    found = {number: release(number).stderr for number in refused}
    made = release("0.2.0")
    again = release("0.2.0")
    run("make", "release-check", "TAG=v0.2.0", cwd=own)
    wrong_tag = run("make", "release-check", "TAG=v0.3.0", cwd=own, check=False)
    notes = run("make", "--silent", "release-notes", cwd=own).stdout
    run("make", "sbom", "lineage", cwd=own)
    manifest = own / "data/manifest.json"
    manifest.write_text(manifest.read_text().replace('"sha256": "', '"sha256": "0', 1))
    other_data = run("make", "release-check", "TAG=v0.2.0", cwd=own, check=False)

    assert "reports/promotion.json: no such file" in nothing.stderr
    assert re.search(r"not clean; commit first: .*reports/", unsaved.stderr)
    assert "CHANGELOG.md: '## Unreleased' must list" in silent.stderr
    assert [number for number, text in refused.items() if text not in found[number]] == []
    assert made.returncode == 0, made.stderr
    assert "tag v0.2.0 exists already" in again.stderr
    assert "v0.3.0: pyproject.toml has 0.2.0" in wrong_tag.stderr
    assert "is not what the champion was trained on" in other_data.stderr
    champion = json.loads((own / "reports/promotion.json").read_text())
    assert "- Rows without an age" in notes
    assert champion["data"]["main"] in notes
    parts = json.loads((own / "dist/sbom.cdx.json").read_text())["components"]
    models = [part for part in parts if part["type"] == "machine-learning-model"]
    assert [part["version"] for part in models] == [champion["version"]]
    event = json.loads((own / "reports/lineage.json").read_text())
    assert champion["data"]["main"] in event["inputs"][0]["name"]
    assert run("git", "status", "--porcelain", "uv.lock", cwd=own).stdout == ""


def save(project: Path, message: str) -> None:
    run("git", "add", "--all", cwd=project)
    run("git", "commit", "--quiet", "--no-verify", "--message", message, cwd=project)
