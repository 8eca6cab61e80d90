"""The checklist as it stands now: an overview, a map, and a page for each section."""

import html
import re
import subprocess
import sys

FOLDER = "checklist"
WIDE = "---\nhide: [toc]\n---\n\n"  # its tables need the room
ORDER: list[str] = []  # of the pages in the navigation; known once they are made
STATES = {"ok": "ok", "to do": "open", "red": "open", "stale": "open", "waived": "waived"}
NODE = re.compile(r'^(?P<indent> *)(?P<name>\w+)[\[(]+"(?P<label>.*)"[\])]+$')


def pages() -> dict[str, str]:
    """Markdown by file name."""
    overview, *sections = re.split(r"^## ", _report("md"), flags=re.MULTILINE)
    named = [(text.partition("\n")[0].strip(), text) for text in sections]
    board = (
        "\n[The map](map.md) shows all items at a glance. `uv run checklist report --format html` "
        "writes one page to search and filter.\n"
    )
    made = {
        "index": overview.rstrip() + "\n" + board,
        "map": "# Map\n\nA branch opens when you click it, an item leads to its page.\n\n"
        + _tree(_report("mermaid")),
        **{_slug(title): f"# {_linked(text)}" for title, text in named},
    }
    made = {f"{FOLDER}/{name}.md": WIDE + text for name, text in made.items()}
    ORDER[:] = list(made)
    return made


def _report(form: str) -> str:
    command = [sys.executable, "-m", "ml_checklist", "report", "--format", form]
    done = subprocess.run(command, text=True, capture_output=True, check=False)
    if done.returncode not in (0, 1):
        raise RuntimeError(f"checklist report: {done.stderr.strip()}")
    return done.stdout


def _linked(text: str) -> str:
    """Each item gets a name that the map leads to, and its text is read as Markdown."""

    def named(found: re.Match[str]) -> str:
        name = re.sub(r"\W", "_", found[1])
        return f'<details markdown="1" id="{name}"><summary><code>{found[1]}</code>'

    return re.sub(r"<details><summary><code>([\w.-]+)</code>", named, text)


def _tree(drawing: str) -> str:
    """The mind map that the tool draws, as branches that open and close without a script."""
    branches: dict[str, list[str]] = {}
    for line in drawing.splitlines():
        node = NODE.match(line)
        if not node or len(node["indent"]) < 4:
            continue
        label = _text(node["label"])
        if len(node["indent"]) == 4:
            branches[label] = []
            continue
        state, _, title = label.partition(": ")
        place = f"{_slug(html.unescape(list(branches)[-1]))}.html#{node['name']}"
        branches[list(branches)[-1]].append(
            f'<li class="{STATES.get(state, "unknown")}"><a href="{place}">{title}</a> '
            f"<small>{state}</small></li>"
        )
    return '<div class="map">\n' + "".join(map(_branch, branches.items())) + "</div>\n"


def _branch(found: tuple[str, list[str]]) -> str:
    title, leaves = found
    shares = {
        state: sum(f'class="{state}"' in leaf for leaf in leaves)
        for state in (*dict.fromkeys(STATES.values()), "unknown")
    }
    bar = "".join(f'<i class="{k}" style="flex:{n}"></i>' for k, n in shares.items() if n)
    met = f"<small>{shares['ok']} of {len(leaves)} met</small>"
    summary = f'<summary>{title} <span class="bar">{bar}</span> {met}</summary>'
    return "\n".join(["<details>", summary, "<ul>", *leaves, "</ul>", "</details>", ""])


def _text(label: str) -> str:
    """Mermaid's entities as those of HTML."""
    return re.sub(r"#(\w+);", lambda e: f"&#{e[1]};" if e[1].isdigit() else f"&{e[1]};", label)


def _slug(title: str) -> str:
    return re.sub(r"\W+", "-", title.lower()).strip("-")
