"""A file of a branch takes no time, no memory, no terminal and no option of git."""

import os
import re
import time

import pytest
import yaml
from ml_checklist.probes import walk
from ml_checklist.probes.git import SECRETS
from ml_checklist.probes.text import _line_of
from ml_checklist.probes.tree import searchable

from tests.conftest import ROOT

N = 40_000
PIECES = ("a", "\n", "|", "0", "*", "sk-", "a@a.")
REPORT = "probe: {type: text, file: reports/*.json, matches: 'sk-[a-z]+@', absent: true}"


def patterns():
    for path in sorted((ROOT / "checklists").glob("*.yml")):
        for item in yaml.load(path.read_text(), yaml.CSafeLoader).get("items", ()):
            for probe in walk(item.get("probe")):
                if "matches" in probe and probe["type"] == "text":
                    yield item["id"], probe["matches"]


def seconds(function, *args):
    start = time.process_time()
    function(*args)
    return time.process_time() - start


def slowest(search, pattern):
    """The time that a pattern takes on 40 kB of each piece, and of each word that it holds."""
    words = sorted(set(re.findall(r"[A-Za-z_@.:=/-]{3,12}", pattern)))[:2]
    texts = [piece * (N // len(piece)) for piece in (*PIECES, *words)]
    return max(seconds(search, text) for text in texts)


def test_no_pattern_of_the_catalog_takes_long_on_any_file():
    slow: dict[tuple[str, str], float] = {}
    for written, name in {written: name for name, written in patterns()}.items():
        pattern = re.compile(written, re.MULTILINE)
        took = slowest(lambda text, p=pattern: _line_of(p, searchable(text)), written)
        slow |= {(name, written): took} if took > 0.15 else {}

    assert slow == {}  # 0.05 s on a quiet machine; each took 1 to 20 s before


@pytest.mark.parametrize("shape", SECRETS.values(), ids=SECRETS)
def test_no_shape_of_a_secret_takes_long_on_any_file(shape):
    assert slowest(re.compile(shape).search, shape) < 0.15


def test_a_long_line_is_searched_whole_and_keeps_its_number():
    text = "one\n" + "x" * 2_000 + "needle" + "x" * 2_000 + "\n" + "\n" * 9 + "last"

    assert _line_of(re.compile("needle"), searchable(text)) == 2
    assert _line_of(re.compile("^last$", re.MULTILINE), searchable(text)) == 12


def test_a_file_that_cannot_be_read_is_not_free_of_anything(project, item):
    project.catalog(item("scoping.clean", "auto", extra=REPORT))
    project.write("reports/x.json", "a" * (5 << 20))

    assert project.states() == {"scoping.clean": "fail"}


def test_thirty_megabytes_of_prose_cost_no_time(project):
    project.write("docs/problem.md", "## Objective\n\n" + "words and more words\n" * 1_500_000)
    project.write("reports/evaluation.json", "0123456789abcdef" * 2_000_000)

    assert seconds(project.run, "status") < 2


def test_a_thousand_million_values_by_aliases_are_refused(project, item):
    lines = [
        "a0: &a0 [1, 1]",
        *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 31)),
        "models: *a30",
    ]
    project.write("conf/default.yaml", "\n".join(lines) + "\n")
    project.write(".gitlab-ci.yml", "\n".join([*lines[:-1], "workflow: *a30"]) + "\n")
    config = "probe: {type: config, at: models, non_empty: true}"
    jobs = "probe: {type: workflow, runs: make test}"
    project.catalog(item("scoping.a", "auto", extra=config), item("scoping.b", "auto", extra=jobs))

    assert seconds(project.run, "report", "--format", "json") < 2
    assert "more than 10000 values through aliases" in " ".join(
        project.run("show", "scoping.a").out.split()
    )


def test_an_alias_inside_of_its_own_anchor_is_refused(project, item):
    project.write("conf/default.yaml", "models: &m\n  - *m\n")
    config = "probe: {type: config, at: models, non_empty: true}"
    project.catalog(item("scoping.a", "auto", extra=config))

    assert "inside of its own anchor" in " ".join(project.run("show", "scoping.a").out.split())


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="has no named pipes")
def test_a_named_pipe_is_no_file(project):
    os.mkfifo(project.root / "checklist/project.yml")
    ran = project.run("status")

    assert (ran.code, "is not a file" in ran.err) == (2, True)


def test_names_of_files_steer_no_terminal(project):
    folder = project.root / "checklist/ticks"
    folder.mkdir()
    for name in ("\x1b]0;x\x07\nfake: all good.yml", "\x1b[31mred.txt"):
        (folder / name).write_text("status: done\n")
    ran = project.run("validate")

    assert ran.code == 2
    assert not set("\x1b\x07") & set(ran.out + ran.err)
    assert all(line.startswith("checklist/ticks/") for line in ran.err.splitlines())


def test_a_revision_is_no_option_of_git(project):
    ran = project.run("news", f"--since=--output={project.root}/written")

    assert (ran.code, "is no commit here" in ran.err) == (2, True)
    assert not (project.root / "written").exists()


@pytest.mark.parametrize("key", ["core.fsmonitor", "core.hooksPath"])
def test_git_runs_nothing_that_the_project_names(project, key):
    program = project.write("hooks/run", "#!/bin/sh\ntouch ../ran ran\n")
    program.chmod(0o755)
    for name in ("post-index-change", "reference-transaction"):
        (project.root / "hooks" / name).write_bytes(program.read_bytes())
        (project.root / "hooks" / name).chmod(0o755)
    project.git("config", key, str(program.parent if key == "core.hooksPath" else program))
    (project.root / "docs/problem.md").touch()
    for command in (("news",), ("status",), ("diff", "HEAD")):
        project.run(*command)

    assert not list(project.root.rglob("ran"))
