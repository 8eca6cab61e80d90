"""Every render holds the same items as the data; the page works in a browser."""

# ruff: noqa: E501 - files in one literal are easier to read than files in pieces

import io
import json
import re
import shutil
import subprocess
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from ml_checklist.catalog.load import load
from ml_checklist.render import style

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = shutil.which("chromium")


@pytest.fixture
def real(project):
    """A project with the real catalog."""
    shutil.rmtree(project.root / "checklist/catalog")
    shutil.copytree(ROOT / "checklists", project.root / "checklist/catalog")
    return project


REAL = load(ROOT / "checklists")
IDS = set(REAL.items)


class Island(HTMLParser):
    """Finds the JSON in the page."""

    def __init__(self) -> None:
        super().__init__()
        self.inside, self.text = False, ""

    def handle_starttag(self, tag, attrs):
        self.inside = dict(attrs).get("id") == "data"

    def handle_endtag(self, tag):
        self.inside = False

    def handle_data(self, data):
        self.text += data if self.inside else ""


def island(page):
    parser = Island()
    parser.feed(page)
    return json.loads(parser.text)


def test_json_markdown_mermaid_and_page_hold_the_same_items(real):
    as_json = {
        item["id"] for item in json.loads(real.run("report", "--format", "json").out)["items"]
    }
    parts = [("--section", name) for name in {item.section for item in REAL.items.values()}]
    pages = "".join(real.run("report", "--format", "md", *part).out for part in parts)
    markdown = set(re.findall(r"<summary><code>([^<]+)</code>", pages))
    mermaid = "".join(real.run("report", "--format", "mermaid", *part).out for part in parts)
    page = island(real.run("report", "--format", "html").out)

    assert as_json == markdown == {item["id"] for item in page["items"]} == IDS
    assert {name for name in IDS if re.sub(r"\W", "_", name) + '["' in mermaid} == IDS


def test_the_page_holds_every_option_paper_and_reference(real):
    page = island(real.run("report", "--format", "html").out)
    for name, item in REAL.items.items():
        shown = next(each for each in page["items"] if each["id"] == name)
        for key in ("methods", "options", "refs"):
            assert shown[key] == (item.data.get(key) or [])


def test_the_mind_map_shows_one_level_at_a_time(real):
    whole = real.run("report", "--format", "mermaid").out
    data = real.run("report", "--format", "mermaid", "--section", "data").out
    labels = re.findall(r'"(?:[^:"]+: )([^"]+)"', data)

    assert whole.startswith('mindmap\n  root(("Checklist"))')
    assert "data_" not in whole
    assert data.startswith('mindmap\n  root(("Data"))\n')
    assert "scoping_" not in data
    assert len(labels) == sum(item.section == "data" for item in REAL.items.values())
    assert max(len(label.split()) for label in labels) <= 4


def test_text_fits_a_screen_and_markdown_fits_a_comment(real):
    assert len(real.run("report").out.splitlines()) <= 60
    assert len(real.run("report", "--format", "md").out) < 65_536


def test_every_view_renders_in_every_form(real):
    for path in (ROOT / "checklists/views").glob("*.yml"):
        for form in ("text", "md", "json"):
            assert real.run("report", "--view", path.stem, "--format", form).code == 0


def test_a_fresh_project_scores_zero(real):
    out = real.run("report", "--view", "ml-test-score").out

    assert "Score 0, the least of the sums: more of a research project" in out


VIEW = """\
view: small
title: Small
about: Two groups.
source: {title: Paper, url: "https://example.org"}
scoring: ml-test-score
groups:
  - {id: a, title: A, entries: [{name: One, items: [scoping.beats]}, {name: Two, items: [scoping.users]}]}
  - {id: b, title: B, entries: [{name: Three, items: [scoping.beats]}, {name: Four, items: [scoping.users, scoping.beats]}, {name: Five, items: []}]}
"""


def test_the_score_is_the_least_sum_of_half_by_hand_and_one_by_machine(project):
    project.write("checklist/catalog/views/small.yml", VIEW)
    project.write("reports/evaluation.json", '{"beats_baseline": {"low": 1}}')
    project.run("tick", "scoping.users", "-e", "https://example.org/u", "--by", "@ann")
    data = json.loads(project.run("report", "--view", "small", "--format", "json").out)

    assert [[e["points"] for e in group["entries"]] for group in data["groups"]] == [
        [1.0, 0.5],
        [1.0, 0.5, 0.0],
    ]
    assert data["score"] == 1.5


def test_a_proof_that_is_run_by_hand_gives_at_most_half_a_point(project):
    capped = VIEW.replace("{name: One, items", "{name: One, at_most: 0.5, items")
    project.write("checklist/catalog/views/small.yml", capped)
    project.write("reports/evaluation.json", '{"beats_baseline": {"low": 1}}')
    data = json.loads(project.run("report", "--view", "small", "--format", "json").out)

    assert data["groups"][0]["entries"][0]["points"] == 0.5
    assert data["groups"][1]["entries"][0]["points"] == 1.0


def test_a_schedule_that_is_proven_lifts_the_half_point(project):
    capped = "{name: One, at_most: 0.5, unless: %s, items"
    project.write("reports/evaluation.json", '{"beats_baseline": {"low": 1}}')
    found = {}
    for other in ("scoping.users", "scoping.beats"):
        view = VIEW.replace("{name: One, items", capped % other)
        project.write("checklist/catalog/views/small.yml", view)
        data = json.loads(project.run("report", "--view", "small", "--format", "json").out)
        found[other] = data["groups"][0]["entries"][0]["points"]

    assert found == {"scoping.users": 0.5, "scoping.beats": 1.0}


def test_what_a_person_signs_gives_half_where_the_machine_saw_nothing(project):
    both = "{name: One, signed: [scoping.users], items"
    project.write("checklist/catalog/views/small.yml", VIEW.replace("{name: One, items", both))
    project.run("tick", "scoping.users", "-e", "https://example.org/u", "--by", "@ann")

    def first() -> float:
        data = json.loads(project.run("report", "--view", "small", "--format", "json").out)
        return float(data["groups"][0]["entries"][0]["points"])

    assert first() == 0.5
    project.write("reports/evaluation.json", '{"beats_baseline": {"low": 1}}')
    assert first() == 1.0


def test_a_view_of_an_unknown_item_is_refused(project):
    project.write(
        "checklist/catalog/views/small.yml", VIEW.replace("scoping.users", "scoping.user")
    )
    ran = project.run("report", "--view", "small")

    assert ran.code == 2
    assert "did you mean 'scoping.users'" in ran.err


EVIL = "</script><script>document.title='pwned'</script><img src=x onerror=document.title='pwned'>"


def test_text_of_people_cannot_leave_the_island(project):
    project.run("tick", "scoping.users", "--na", EVIL, "--by", "@ann", "--approver", "@bob")
    page = project.run("report", "--format", "html").out

    assert EVIL not in page
    assert page.count("</script>") == 2
    assert EVIL in [item["sentence"] for item in island(page)["items"]]


def browse(page: Path, script: str, profile: Path, at: str = "") -> str:
    """Run `script` after the page has loaded at the address, and return the title that it leaves."""
    html = page.read_text(encoding="utf-8").replace("</body>", f"<script>{script}</script></body>")
    (page.parent / "tried.html").write_text(html, encoding="utf-8")
    command = [
        str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
        f"--user-data-dir={profile}", "--virtual-time-budget=4000", "--dump-dom", f"file://{page.parent}/tried.html{at}",
    ]  # fmt: skip
    out = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    found = re.search(r"<title>(.*?)</title>", out)
    return found[1] if found else ""


TRY = """
const out = [];
function shown() { return document.querySelectorAll('#item-list .item:not([hidden])').length; }
function pick(id, value) { const e = document.getElementById(id); e.value = value; e.dispatchEvent(new Event('input', {bubbles: true})); }
out.push(shown(), document.querySelectorAll('#item-list .section[open]:not([hidden])').length);
pick('f-gate', ''); out.push(shown());
pick('f-section', 'data'); out.push(shown(), location.hash, document.querySelectorAll('#item-list .section[open]:not([hidden])').length); pick('f-section', '');
pick('f-text', 'split frozen'); out.push(shown()); pick('f-text', '');
pick('f-state', 'pass'); out.push(shown()); pick('f-state', '');
document.getElementById('tab-map').dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowRight', bubbles: true}));
out.push(document.activeElement.id);
const card = document.querySelector('#item-list .item'); card.open = true; card.dispatchEvent(new Event('toggle'));
out.push(card.querySelectorAll('.body').length);
document.querySelectorAll('select,input').forEach(function (e) { if (!e.closest('label')) { out.push('no label: ' + e.id); } });
document.querySelectorAll('button,summary,a').forEach(function (e) { if (!e.textContent.trim()) { out.push('no words: ' + e.outerHTML); } });
document.title = out.join(' ');
"""
WHERE = """
const open = Array.from(document.querySelectorAll('[role=tabpanel]')).filter(function (each) { return !each.hidden; });
const nodes = document.querySelectorAll('#drawing g.node').length;
const items = document.querySelectorAll('#item-list .item:not([hidden])').length;
document.title = [open.map(function (each) { return each.id; }).join(), nodes, items, document.getElementById('f-gate').value || 'all', document.querySelectorAll('.item[open]').length].join(' ');
"""


@pytest.fixture
def seen(real, tmp_path):
    """Run a script in the page, opened at an address."""
    real.run("report", "--format", "html", "-o", str(tmp_path / "page.html"))
    return lambda script, at="": browse(tmp_path / "page.html", script, tmp_path / "profile", at)


@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium (apt-get install chromium)")
def test_the_page_shows_the_next_gate_folded_and_filters_by_hand(seen):
    first, unfolded, all_, data, address, opened, split, passed, focus, bodies, *rest = seen(
        TRY
    ).split()
    items = REAL.items.values()

    assert int(first) == sum(item.phase == "poc" for item in items)
    assert (unfolded, opened, int(all_)) == ("0", "1", len(items))
    assert int(data) == sum(item.section == "data" for item in items)
    assert unescape(address) == "#items?gate=&section=data"
    assert 0 < int(split) < 20
    assert int(passed) <= 5
    assert (focus, bodies, rest) == ("tab-views", "1", [])


@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium (apt-get install chromium)")
def test_tabs_filters_levels_of_the_map_and_items_have_addresses(seen):
    n_all, n_data = len(REAL.items), sum(i.section == "data" for i in REAL.items.values())
    in_data = {i.id for i in REAL.items.values() if i.section == "data"}
    name = sorted(in_data)[0]

    assert seen(WHERE, "#map").split()[0] == "panel-map"
    assert seen(WHERE, "#map/data").split()[1] == str(n_data + 1)
    assert seen(WHERE, "#items?gate=&section=data").split()[2:4] == [str(n_data), "all"]
    assert seen(WHERE, "#views/ml-test-score").split()[0] == "panel-views"
    assert seen(WHERE, f"#{name}").split()[2:] == [str(n_all), "all", "1"]


@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium (apt-get install chromium)")
def test_unanswered_questions_and_the_four_sums_are_seen(seen):
    script = "document.title = document.getElementById('asks').textContent + '|' + document.querySelectorAll('#view-ml-test-score .sums .card').length"
    text, _, sums = seen(script).partition("|")

    assert re.match(r"\d+ questions unanswered: they decide whether \d+ further items apply", text)
    assert sums == "4"


@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium (apt-get install chromium)")
def test_nothing_that_people_wrote_runs_in_the_page(project, tmp_path):
    project.run("tick", "scoping.users", "--na", EVIL, "--by", "@ann", "--approver", "@bob")
    project.run("report", "--format", "html", "-o", str(tmp_path / "page.html"))
    title = browse(
        tmp_path / "page.html",
        "document.querySelectorAll('details').forEach(d => { d.open = true; })",
        tmp_path / "p",
    )

    assert title == "Checklist of project"


def test_no_colour_unless_a_terminal_asks_for_it(project, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert style.coloured(Terminal())
    monkeypatch.setenv("NO_COLOR", "")
    assert not style.coloured(Terminal())
    monkeypatch.delenv("NO_COLOR")

    assert "\x1b" not in project.run("status").out


def test_every_shipped_file_is_free_of_template_signs():
    for path in [*(ROOT / "hooks/ml_checklist").rglob("*"), *(ROOT / "checklists").rglob("*")]:
        if path.is_file() and path.suffix != ".pyc":
            text = path.read_text(encoding="utf-8")
            assert not [sign for sign in ("{" + "{", "{" + "%", "{" + "#") if sign in text], path
