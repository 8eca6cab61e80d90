"""What the mvp scaffold brings to package, release, audit and document a project."""

import importlib.util
import json
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from tests.conftest import ROOT, Render, run

VENV = Path(sys.executable).parent
TODAY = date(2026, 11, 21)
SHIPPED = [
    ".devcontainer",
    ".dockerignore",
    ".secrets.baseline",
    "CHANGELOG.md",
    "Dockerfile",
    "compose.yaml",
    "mkdocs.yml",
    "conf/audit.yaml",
    "conf/slo.yaml",
    "docs/mvp.md",
    "docs/runbook.md",
    "make/audit.py",
    "make/docs.mk",
    "make/lineage.py",
    "make/release.mk",
    "make/release.py",
    "make/sbom.py",
    "make/site",
    "make/supply-chain.mk",
    "tests/ship",
    "src/my_model/configs/slo.py",
    "src/my_model/serving/measure.py",
]
ANSWERS = {"github": {"ci": "github"}, "gitlab-queue": {"ci": "gitlab", "queue": "redis"}}


@pytest.fixture(scope="module", params=list(ANSWERS.values()), ids=tuple(ANSWERS))
def project(request, render: Render) -> Path:
    return render(scaffold="mvp", **request.param)


def schema(name: str, *files: str, cwd: Path) -> None:
    assert files
    checker = str(VENV / "check-jsonschema")
    run(checker, "--builtin-schema", f"vendor.{name}", *files, cwd=cwd)


def test_nothing_of_it_is_in_a_proof_of_concept(render):
    poc, mvp = render(scaffold="poc"), render(scaffold="mvp")

    assert [name for name in SHIPPED if not (mvp / name).exists()] == []
    assert [name for name in SHIPPED if (poc / name).exists()] == []
    assert sorted(p.name for p in (poc / ".github").iterdir()) == ["workflows"]


def test_the_image_takes_only_what_the_builder_is_given(project):
    given = (project / ".dockerignore").read_text().splitlines()
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (project / "Dockerfile").read_text(), re.M)
    sources = {source for line in copied for source in line.split()}

    assert "*" in given
    assert sources == {line[1:] for line in given if line.startswith("!")}
    assert [s for s in sources - {"uv.lock"} if not (project / s).exists()] == []


def test_the_image_runs_as_a_number_from_a_named_version_and_says_how_it_is(project):
    text = (project / "Dockerfile").read_text()

    assert re.search(r"^USER [1-9]\d+$", text, re.M)
    assert re.search(r"^HEALTHCHECK (.|\n)*?CMD \[\"python\"", text, re.M)
    assert text.splitlines()[-1].startswith('CMD ["my-model", "serve"')
    assert not re.search(r"^FROM \S+(:latest|/[^:\s]+)(\s|$)", text, re.M)
    assert ("--group queue" in text) == ("\n  worker:\n" in (project / "compose.yaml").read_text())


def test_compose_and_the_robot_of_updates_fit_their_schemas(project):
    schema("compose-spec", "compose.yaml", cwd=project)
    if (project / ".github").exists():
        schema("dependabot", ".github/dependabot.yml", cwd=project)
    else:
        schema("renovate", ".gitlab/renovate.json", cwd=project)
        files = sorted(str(p.relative_to(project)) for p in project.glob(".gitlab/ci/*.yml"))
        schema("gitlab-ci", ".gitlab-ci.yml", *files, cwd=project)


def test_each_service_is_shut_in(project):
    services = yaml.safe_load((project / "compose.yaml").read_text())["services"]

    for name, each in services.items():
        assert each["read_only"] is True, name
        assert each["cap_drop"] == ["ALL"], name
        assert each["security_opt"] == ["no-new-privileges:true"], name
        assert each["mem_limit"], name
        assert each["cpus"], name
    assert all(port.startswith("127.0.0.1:") for port in services["service"]["ports"])


def test_the_development_container_is_json_that_sets_the_project_up(project):
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


def test_the_items_that_it_serves_are_found(project, tmp_path):
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
        assert found[item] != "pass", f"{item}: a form that nobody filled in earns nothing"


# The scripts


@pytest.fixture(scope="module")
def audit() -> ModuleType:
    spec = importlib.util.spec_from_file_location("audit", ROOT / "template/make/audit.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_scripts_are_typed(render):
    make = render(scaffold="mvp") / "make"
    strict = [str(VENV / "mypy"), "--strict", "--ignore-missing-imports", "--config-file="]
    strict += ["--no-warn-unused-ignores"]  # here yaml has types, in a project it has not

    run(*strict, *sorted(p.name for p in make.glob("*.py")), cwd=make)
    # mkdocs is not installed here, and what it gives is Any.
    hooks = [*strict, "--allow-subclassing-any"]
    run(*hooks, *sorted(p.name for p in (make / "site").glob("*.py")), cwd=make / "site")


CLEAN = {"name": "numpy", "version": "2.4.0", "vulns": []}
FLAW = {"id": "GHSA-1", "aliases": ["CVE-1"], "fix_versions": ["2.4.1"], "description": "x"}
BAD = {"name": "scipy", "version": "1.17.0", "vulns": [FLAW]}
SKIPPED = {"name": "ours", "skip_reason": "not found"}


def test_packages_without_a_known_flaw_pass(audit):
    found = audit.judge([CLEAN], "", {}, TODAY, in_ci=True)

    assert found.code == 0
    assert found.lines == ["1 packages audited, none with a known vulnerability that counts"]


def test_a_flaw_fails_and_says_what_mends_it(audit):
    found = audit.judge([CLEAN, BAD], "", {}, TODAY, in_ci=False)

    assert found.code == 1
    assert "scipy 1.17.0 has GHSA-1; fixed in 2.4.1" in found.lines[0]


@pytest.mark.parametrize("name", ["GHSA-1", "CVE-1"])
def test_an_accepted_flaw_passes_until_its_day_and_not_after(audit, name):
    before = audit.judge([BAD], "", {name: TODAY}, TODAY, in_ci=True)
    after = audit.judge([BAD], "", {name: date(2026, 11, 20)}, TODAY, in_ci=True)

    assert (before.code, after.code) == (0, 1)
    assert "accepted until 2026-11-20, which is over" in after.lines[0]


def test_a_package_that_was_not_looked_up_is_no_pass(audit):
    found = audit.judge([CLEAN, SKIPPED], "", {}, TODAY, in_ci=False)

    assert found.code == 1
    assert "ours not looked up: not found" in found.lines[0]


@pytest.mark.parametrize(("report", "said"), [([SKIPPED], ""), ([], "no way to the index")])
def test_a_failed_look_up_is_reported_and_fails_in_ci(audit, report, said):
    at_home, in_ci = (audit.judge(report, said, {}, TODAY, in_ci=ci) for ci in (False, True))

    assert (at_home.code, in_ci.code) == (0, 1)
    assert "NOT AUDITED" in at_home.lines[0]
    assert said in at_home.lines[0]


def test_an_accepted_flaw_wants_a_reason_and_a_day(audit, tmp_path):
    path = tmp_path / "audit.yaml"
    path.write_text("accepted:\n  - {id: GHSA-1, reason: we do not call it}\n")

    with pytest.raises(ValueError, match="entry 1 must be"):
        audit.read_accepted(path)


# In a project that is set up


@pytest.fixture
def own(installed_project: Callable[..., Path], tmp_path: Path) -> Path:
    """A clone that borrows the environment of the one that is set up."""
    origin = installed_project(scaffold="mvp")
    copy = tmp_path / "project"
    run("git", "clone", "--quiet", str(origin), str(copy), cwd=tmp_path)
    (copy / ".venv").symlink_to(origin / ".venv")
    return copy


def test_a_fresh_project_passes_its_hooks_and_holds_no_secret(own):
    run("make", "hooks", "secrets", cwd=own, CI="1")


@pytest.fixture
def vulnerabilities() -> Iterator[str]:
    """An index that knows of one flaw, in numpy; its address."""

    class Index(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            name, version = asked["package"]["name"], asked["version"]
            days = {"published": "2026-01-01T00:00:00Z", "modified": "2026-01-01T00:00:00Z"}
            events = [{"introduced": "0"}, {"fixed": "999.0"}]
            affected = {
                "package": {"name": name, "ecosystem": "PyPI"},
                "ranges": [{"type": "ECOSYSTEM", "events": events}],
                "versions": [version],
            }
            flaw = {"id": "GHSA-aaaa-bbbb-cccc", "summary": "x", "affected": [affected], **days}
            body = json.dumps({"vulns": [flaw]} if name == "numpy" else {}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Index)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1/query"
    server.shutdown()
    server.server_close()


@pytest.mark.slow
def test_a_flaw_that_an_index_knows_of_stops_the_audit_until_it_is_accepted(
    own, vulnerabilities, tmp_path
):
    words = f"--vulnerability-service osv --osv-url {vulnerabilities} --cache-dir {tmp_path}/cache"

    refused = run("make", "audit", f"ARGS={words}", cwd=own, check=False)
    (own / "conf/audit.yaml").write_text(
        "accepted:\n  - {id: GHSA-aaaa-bbbb-cccc, reason: not called, until: 2999-12-31}\n"
    )
    accepted = run("make", "audit", f"ARGS={words}", cwd=own, CI="1")

    assert refused.returncode != 0
    assert "has GHSA-aaaa-bbbb-cccc; fixed in 999.0" in refused.stderr
    assert "accepted until 2999-12-31" in accepted.stdout


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
    ("line", "said"),
    [
        ("FROM python:latest", "DL3007"),
        ("RUN pip install numpy", "DL3013"),
        ("CMD my-model serve", "DL3025"),
    ],
)
def test_a_careless_line_in_the_dockerfile_is_refused(own, line, said):
    path = own / "Dockerfile"
    path.write_text(path.read_text() + line + "\n")

    done = run("make", "hooks", cwd=own, check=False)

    assert done.returncode != 0
    assert said in done.stdout + done.stderr


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

    assert {"index.html", "problem.html", "model-card.html", "map.html"} <= {p.name for p in pages}
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
    for _, copied, sync in steps[:-1]:  # the last is conf/, of the second stage
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
def test_a_release_is_made_of_parts_that_belong_together_or_refused(own):
    def release(number: str) -> subprocess.CompletedProcess[str]:
        return run("make", "release", f"VERSION={number}", cwd=own, check=False)

    nothing = release("0.2.0")
    run("make", "prepare", "contract", cwd=own)
    save(own, "contract")
    run("make", "train", "evaluate", "register", "promote", cwd=own)
    unsaved = release("0.2.0")
    save(own, "model")
    silent = release("0.2.0")
    log = own / "CHANGELOG.md"
    text = log.read_text()
    log.write_text(text[: text.index("> fill:")] + "- Rows without an age are answered too.\n")
    save(own, "changelog")
    nonsense = release("next")
    older = release("0.0.9")
    made = release("0.2.0")
    again = release("0.2.0")
    agreed = run("make", "release-check", "TAG=v0.2.0", cwd=own, check=False)
    wrong_tag = run("make", "release-check", "TAG=v0.3.0", cwd=own, check=False)
    notes = run("make", "--silent", "release-notes", cwd=own).stdout
    run("make", "sbom", cwd=own)
    manifest = own / "data/manifest.json"
    manifest.write_text(manifest.read_text().replace('"sha256": "', '"sha256": "0', 1))
    other_data = run("make", "release-check", "TAG=v0.2.0", cwd=own, check=False)

    assert "reports/champion.json: no such file" in nothing.stderr
    assert "working tree is not clean" in unsaved.stderr
    assert "CHANGELOG.md: '## Unreleased' must say" in silent.stderr
    assert "VERSION must be like 1.4.0, got 'next'" in nonsense.stderr
    assert "0.0.9 is older" in older.stderr
    assert made.returncode == 0, made.stderr
    assert "a tag v0.2.0 already" in again.stderr
    assert agreed.returncode == 0, agreed.stderr
    assert "v0.2.0: its code, model and data belong together" in agreed.stdout
    assert "the tag is v0.3.0" in wrong_tag.stderr
    assert "data/manifest.json: is of data 0" in other_data.stderr
    champion = json.loads((own / "reports/champion.json").read_text())
    assert "- Rows without an age" in notes
    assert champion["data"]["original"] in notes
    assert champion["git"]["commit"] in notes
    parts = json.loads((own / "dist/sbom.cdx.json").read_text())["components"]
    models = [part for part in parts if part["type"] == "machine-learning-model"]
    assert [part["version"] for part in models] == [champion["version"]]
    assert run("git", "status", "--porcelain", "uv.lock", cwd=own).stdout == ""
    assert 'version = "0.2.0"' in (own / "pyproject.toml").read_text()


def save(project: Path, message: str) -> None:
    run("git", "add", "--all", cwd=project)
    run("git", "commit", "--quiet", "--no-verify", "--message", message, cwd=project)
