"""A Mermaid flowchart in words, for a site that has nothing at hand to draw it."""

import re

BLOCK = re.compile(r"^```mermaid\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
NODE = re.compile(r'^\s*(?P<name>\w+)\s*[\[({>]+"(?P<label>[^"]*)"', re.MULTILINE)
EDGE = re.compile(
    r'^\s*(?P<left>\w+)\s*(?:--\s*"(?P<said>[^"]*)"\s*-->|-->\|"?(?P<also>[^|"]*)"?\||-->)'
    r"\s*(?P<right>\w+)\s*$",
    re.MULTILINE,
)


def in_words(markdown: str) -> str:
    """Each drawing as a table of its arrows, above its text; one that has none as its text."""
    return BLOCK.sub(lambda block: _table(block["text"]) + _source(block["text"]), markdown)


def _table(text: str) -> str:
    names = {node["name"]: _short(node["label"]) for node in NODE.finditer(text)}
    rows = [
        f"| {names.get(e['left'], e['left'])} | {e['said'] or e['also'] or 'uses'} "
        f"| {names.get(e['right'], e['right'])} |"
        for e in EDGE.finditer(text)
    ]
    return "\n".join(["| from | | to |", "|---|---|---|", *rows, "", ""]) if rows else ""


def _source(text: str) -> str:
    lines = "".join(f"    {line}\n" if line else "\n" for line in text.splitlines())
    return f'??? note "The drawing as text"\n    ```text\n{lines}    ```\n'


def _short(label: str) -> str:
    """The first line of a label; what stands below it says the kind."""
    return label.replace("|", "/").partition("<br>")[0]
