"""The bot opens one page for an update, keeps it fresh, says what is wrong, and is silent else."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import run
from tests.template.worlds import CORE, World

BRANCH = "template-update"


@pytest.fixture(scope="module")
def made(template: Path, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A project of v0.1.0 whose template has a v0.2.0."""
    world = World(template, tmp_path_factory.mktemp("world") / "world")
    world.catalog(2)
    world.edit("README.md.jinja", "\n", "\n\nThe template's new words.\n", world.template / CORE)
    (world.template / CORE / "make/new.mk").write_text("new:\n")
    world.release("v0.2.0")
    return world.keep()


@pytest.fixture
def world(made: World) -> World:
    """The same, as it was at first."""
    return made.restore()


def bot(world: World, host: str = "github", **env: str) -> str:
    """One weekly run; what it printed."""
    said = world.word("prepare")
    assert said.returncode == 0, said.stderr
    published = world.word("publish", "--host", host, env=env)
    assert published.returncode == 0, published.stderr
    return str(said.stdout + published.stdout)


def in_conflict(world: World) -> None:
    """The project changed the line that the template changes."""
    path = world.project / "README.md"
    first, _, rest = path.read_text().partition("\n")
    path.write_text(f"{first}\n\nOur words.\n{rest}")
    world.push("Ours")


def test_an_update_is_one_page_with_news_and_checks(world):
    before = world.state()

    said = bot(world)

    (page,) = world.pages()
    files = world.git("diff", "--name-only", f"main..{BRANCH}").splitlines()
    assert "Template v0.1.0 -> v0.2.0: https://example.org/pull/1" in said
    assert page["title"] == "Template v0.1.0 -> v0.2.0"
    assert not page["isDraft"]
    assert "The template moves from `v0.1.0` to `v0.2.0`: 1 changed." in page["body"]
    assert "| changed | `scoping.users` | asks for names |" in page["body"]
    assert [f"| `make {word}` | green |" in page["body"] for word in ("setup", "check", "test")]
    assert world.log.read_text().split() == ["setup", "check", "test"]
    assert {"README.md", "make/new.mk", ".copier-answers.yml"} <= set(files)
    assert world.git("rev-parse", BRANCH) == world.git("rev-parse", BRANCH, cwd=world.origin)
    assert "Template-Update: v0.2.0" in world.git("log", "-1", "--format=%B", BRANCH)
    assert world.state()[:3] == before[:3]


def test_it_is_silent_when_there_is_nothing_to_do(world):
    bot(world)

    again = bot(world)
    world.git("merge", "--quiet", BRANCH)
    world.git("push", "--quiet", "origin", "main")
    merged = bot(world)

    assert again == merged == ""
    assert world.prepared() == {}
    assert len(world.pages()) == 1


@pytest.mark.slow
def test_a_page_is_refreshed_when_main_or_the_template_moves(world):
    bot(world)
    (world.project / "docs/own.md").write_text("# Ours\n")
    world.push("Ours")

    bot(world)
    on_main = world.git("merge-base", "main", BRANCH) == world.git("rev-parse", "main")
    (world.template / CORE / "make/newer.mk").write_text("newer:\n")
    world.release("v0.3.0")
    said = bot(world)

    (page,) = world.pages()
    assert on_main
    assert "refreshed #1" in said
    assert page["title"] == "Template v0.1.0 -> v0.3.0"
    assert "make/newer.mk" in world.git("diff", "--name-only", f"main..{BRANCH}")


def test_conflicts_are_a_draft_with_the_list_of_files_and_no_checks(world):
    in_conflict(world)

    said = bot(world)

    (page,) = world.pages()
    assert "1 files in conflict" in said
    assert page["isDraft"]
    assert "* `README.md`" in page["body"]
    assert "git switch template-update" in page["body"]
    assert world.log.read_text() == ""
    assert "<<<<<<< before updating" in world.git("show", f"{BRANCH}:README.md")


@pytest.mark.slow
def test_a_draft_is_ready_once_the_conflict_is_gone(world):
    in_conflict(world)
    bot(world)
    world.git("revert", "--no-edit", "HEAD")
    world.git("push", "--quiet", "origin", "main")

    bot(world)

    (page,) = world.pages()
    assert not page["isDraft"]
    assert "In conflict" not in page["body"]


def test_a_branch_with_commits_of_people_is_left_alone(world):
    in_conflict(world)
    bot(world)
    world.git("switch", "--quiet", BRANCH)
    (world.project / "README.md").write_text("# Mended\n")
    world.git("commit", "--quiet", "--all", "--message", "Mend the conflict")
    world.git("push", "--quiet", "origin", BRANCH)
    world.git("switch", "--quiet", "main")
    mended = world.git("rev-parse", BRANCH)

    said = bot(world)

    assert "template-update holds commits of people" in said
    assert world.git("rev-parse", BRANCH, cwd=world.origin) == mended


@pytest.mark.slow
def test_what_people_pushed_meanwhile_is_not_overwritten(world):
    bot(world)
    (world.project / "docs/own.md").write_text("# Ours\n")
    world.push("Ours")
    world.word("prepare")
    other = world.clone(world.folder / "other", "--branch", BRANCH)
    run("git", "commit", "--quiet", "--allow-empty", "--message", "Mine", cwd=other)
    run("git", "push", "--quiet", "origin", BRANCH, cwd=other)

    done = world.word("publish")

    assert done.returncode == 2
    assert "template-update could not be pushed" in done.stderr
    assert world.git("log", "-1", "--format=%s", BRANCH, cwd=world.origin) == "Mine"


def test_a_version_that_somebody_closed_is_not_opened_again(world):
    bot(world)
    pages = world.pages()
    pages[0]["state"] = "closed"
    (world.folder / "pages").write_text(json.dumps(pages))
    (world.project / "docs/own.md").write_text("# Ours\n")
    world.push("Ours")

    said = bot(world)

    assert "was closed by somebody" in said
    assert len(world.pages()) == 1


def test_a_red_check_is_reported_with_its_last_lines(world):
    world.red.write_text("check\n")

    bot(world)

    (page,) = world.pages()
    assert "| `make check` | **red** |" in page["body"]
    # Indented, it is code: nothing in it is mark-up, and it calls nobody.
    assert "\n    the check is red: <b>@all</b>\n" in page["body"]
    assert not page["isDraft"]


@pytest.mark.slow
def test_a_token_that_may_not_change_workflows_is_named(world):
    hook = world.origin / "hooks/pre-receive"
    hook.write_text("#!/bin/sh\necho 'refusing to allow an app to update workflow' >&2\nexit 1\n")
    hook.chmod(0o755)
    world.word("prepare")

    done = world.word("publish")

    assert done.returncode == 2
    assert "store one that may as TEMPLATE_UPDATE_TOKEN" in done.stderr


class GitLab(BaseHTTPRequestHandler):
    """A stand-in for GitLab's merge requests."""

    pages: list[dict[str, Any]]
    asked: list[tuple[str, str, str]]

    def log_message(self, *args: Any) -> None:
        """Say nothing."""

    def _answer(self, data: Any) -> None:
        self.asked.append((self.command, self.path, self.headers["PRIVATE-TOKEN"]))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(data).encode())

    def _body(self) -> dict[str, Any]:
        length = int(self.headers["Content-Length"])
        data: dict[str, Any] = json.loads(self.rfile.read(length))
        return data

    def do_GET(self) -> None:
        state = "opened" if "state=opened" in self.path else "closed"
        self._answer([page for page in self.pages if page["state"] == state])

    def do_POST(self) -> None:
        page = {**self._body(), "iid": len(self.pages) + 1, "state": "opened"}
        self.pages.append({**page, "web_url": f"https://example.org/-/{page['iid']}"})
        self._answer(self.pages[-1])

    def do_PUT(self) -> None:
        self.pages[int(self.path.rpartition("/")[2]) - 1] |= self._body()
        self._answer({})


@pytest.fixture
def gitlab(world: World) -> Iterator[dict[str, str]]:
    """The environment of a GitLab job."""
    GitLab.pages, GitLab.asked = [], []
    server = HTTPServer(("127.0.0.1", 0), GitLab)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield {
        "CI_API_V4_URL": f"http://127.0.0.1:{server.server_port}/api/v4",
        "CI_PROJECT_ID": "7",
        "CI_SERVER_URL": f"file://{world.folder}",
        "CI_PROJECT_PATH": "origin",
        "TEMPLATE_UPDATE_TOKEN": "secret",
    }
    server.shutdown()
    server.server_close()


def test_gitlab_gets_one_merge_request_that_is_kept_fresh(world, gitlab):
    in_conflict(world)

    opened = bot(world, "gitlab", **gitlab)
    first = dict(GitLab.pages[0])
    world.git("revert", "--no-edit", "HEAD")
    world.git("push", "--quiet", "origin", "main")
    refreshed = bot(world, "gitlab", **gitlab)

    assert "https://example.org/-/1" in opened
    assert first["title"] == "Draft: Template v0.1.0 -> v0.2.0"
    assert first["source_branch"] == BRANCH
    assert first["remove_source_branch"] is True
    assert "* `README.md`" in first["description"]
    assert "refreshed !1" in refreshed
    assert len(GitLab.pages) == 1
    assert GitLab.pages[0]["title"] == "Template v0.1.0 -> v0.2.0"
    assert {token for _, _, token in GitLab.asked} == {"secret"}
    assert all(path.startswith("/api/v4/projects/7/merge_requests") for _, path, _ in GitLab.asked)
    assert world.git("rev-parse", BRANCH) == world.git("rev-parse", BRANCH, cwd=world.origin)


@pytest.mark.slow
def test_gitlab_does_not_open_again_what_was_closed_and_wants_a_token(world, gitlab):
    bot(world, "gitlab", **gitlab)
    GitLab.pages[0] |= {"state": "closed", "title": "Draft: Template v0.1.0 -> v0.2.0"}
    (world.project / "docs/own.md").write_text("# Ours\n")
    world.push("Ours")

    said = bot(world, "gitlab", **gitlab)
    world.word("prepare")
    without = {**gitlab, "TEMPLATE_UPDATE_TOKEN": ""}
    unsigned = world.word("publish", "--host", "gitlab", env=without)

    assert "was closed by somebody" in said
    assert unsigned.returncode == 2
    assert "TEMPLATE_UPDATE_TOKEN is not set" in unsigned.stderr


def dirty(world: World) -> None:
    (world.project / "new.txt").write_text("x\n")


def relative(world: World) -> None:
    world.edit(".copier-answers.yml", f"_src_path: {world.template}", "_src_path: ../template")
    world.push("Relative")


def without_answers(world: World) -> None:
    (world.project / ".copier-answers.yml").unlink()
    world.push("No answers")


@pytest.mark.parametrize(
    ("spoil", "word"),
    [
        (dirty, "the tree is not clean; commit or stash first"),
        (relative, "_src_path '../template' is relative"),
        (without_answers, ".copier-answers.yml is missing"),
    ],
)
def test_what_no_update_can_work_with_is_one_line(world, spoil, word):
    spoil(world)
    before = world.state()

    for command in (["prepare"], ["update"], ["merge"]):
        done = world.word(*command)

        assert done.returncode == 2
        assert word in done.stderr
        assert len(done.stderr.splitlines()) == 1
        assert world.state() == before


def test_a_shallow_clone_is_refused_with_the_command_that_completes_it(world):
    clone = world.clone(world.folder / "shallow", "--depth", "1")
    (clone / "x").write_text("x\n")
    run("git", "add", "--all", cwd=clone)
    run("git", "commit", "--quiet", "-m", "x", cwd=clone)

    done = world.word("merge", cwd=clone)

    assert done.returncode == 2
    assert "`git fetch --unshallow` first" in done.stderr


def test_an_update_by_hand_stops_at_conflicts_and_only_there(world):
    clean = world.word("update")
    world.git("reset", "--quiet", "--hard")
    world.git("clean", "--quiet", "-df")
    in_conflict(world)

    torn = world.word("update")

    assert clean.returncode == 0
    assert "v0.1.0 -> v0.2.0; next: make setup check test" in clean.stdout
    assert torn.returncode == 1
    assert "1 files in conflict\n          README.md\n" in torn.stdout


def forge(world: World, **facts: Any) -> None:
    """What the job that runs the new version may leave instead of an update."""
    path = world.project / ".checklist/template-update.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **facts}))


def bundle(world: World, branch: str, start: str, *message: str) -> None:
    """A prepared bundle whose one commit after `start` has this message."""
    world.git("switch", "--quiet", "--force-create", branch, start)
    words = [word for line in message for word in ("--message", line)]
    world.git("commit", "--quiet", "--allow-empty", *words)
    file = ".checklist/template-update.bundle"
    world.git("bundle", "create", "--quiet", file, f"{start}^..refs/heads/{branch}")
    world.git("switch", "--quiet", "main")


def refs(world: World) -> str:
    return world.git("for-each-ref", "--format=%(refname) %(objectname)", cwd=world.origin)


def test_the_files_of_an_update_do_not_choose_the_branch_that_is_pushed(world):
    """The job that made them ran code of the new version, and this one may write."""
    (world.project / "docs/own.md").write_text("# Ours\n")
    world.push("Ours")
    world.word("prepare")
    before, form = refs(world), "the prepared update is not one of template-update on main"
    forged: list[tuple[dict[str, str], str]] = [
        ({"branch": "main"}, form),
        ({"branch": "release"}, form),
        ({"base": "release"}, form),
        ({"title": "Merge me\n\nCo-authored-by: x"}, "another title"),
        ({"title": "Template v1 -> v2 <!-- checklist -->"}, "another title"),
    ]
    honest = world.prepared()
    for facts, reason in forged:
        forge(world, **{**honest, **facts})
        done = world.word("publish")
        assert (done.returncode, reason in done.stderr) == (2, True), (facts, done.stderr)

    forge(world, **{**honest, "branch": "main"})
    bundle(world, "main-2", "main", "pwned")
    assert world.word("publish").returncode == 2
    assert refs(world) == before
    assert world.pages() == []


def test_a_prepared_branch_is_one_commit_of_the_bot_on_the_base(world):
    (world.project / "docs/own.md").write_text("# Ours\n")
    world.push("Ours")
    world.word("prepare")
    before, trailer = refs(world), "Template-Update: v0.2.0"
    bundle(world, BRANCH, "main", "Ours, without the line of the bot")
    by_a_person = world.word("publish")
    world.git("switch", "--quiet", "--force-create", "aside", "main")
    world.git("commit", "--quiet", "--allow-empty", "--message", "elsewhere")
    world.git("switch", "--quiet", "main")
    bundle(world, BRANCH, "aside", "On another base", trailer)
    elsewhere = world.word("publish")

    for done in (by_a_person, elsewhere):
        assert done.returncode == 2
        assert "is not one commit of ours on main; not pushed" in done.stderr
    assert refs(world) == before
    bundle(world, BRANCH, "main", "Template v0.1.0 -> v0.2.0", trailer)
    assert world.word("publish").returncode == 0
