"""What mkdocs is told of this project: pages that are made, drawings, what is not written yet."""

import json
import posixpath
import re
from pathlib import Path
from typing import Any

import api_page
import checklist_pages
import drawings
import model_page
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from pymdownx.superfences import fence_div_format

# A text that draws the Mermaid blocks, where somebody fetched it; nothing is loaded from elsewhere.
DRAWS = Path("build/mermaid.min.js")
HERE = Path(__file__).parent
FROM_ROOT = ("index.md", "changelog.md")  # made of pages that stand in the root
FIRST = {
    "Home": ["index.md"],
    "Problem": ["problem.md", "data-card.md", "your-own-data.md", "responsible.md"],
    "Model": ["model-card.md", "understanding.md"],
    "Use": ["mvp.md", "api.md", "serving.md", "batch.md", "queue.md", "runbook.md"],
    "Architecture": ["architecture.md"],
    "Decisions": ["decisions/README.md"],
}
LINK = re.compile(r"(?<!!)\[(?P<text>[^\]]+)\]\((?P<to>[^)\s]+)\)")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Drawings get a class of ours: for `mermaid` the theme would load a script from elsewhere."""
    drawing = {"name": "mermaid", "class": "drawing", "format": fence_div_format}
    config.mdx_configs["pymdownx.superfences"] = {"custom_fences": [drawing]}
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made from README.md, reports/, the service and the checklist."""
    made = {"index.md": _home(Path("README.md").read_text(encoding="utf-8"))}
    if Path("CHANGELOG.md").is_file():
        made["changelog.md"] = Path("CHANGELOG.md").read_text(encoding="utf-8")
    if Path("docs/openapi.json").is_file():
        made["api.md"] = api_page.page(json.loads(Path("docs/openapi.json").read_text("utf-8")))
    made |= checklist_pages.pages()
    for name, text in made.items():
        files.append(File.generated(config, name, content=text))
    copied = {"assets/site.css": HERE / "site.css"}
    if DRAWS.is_file():
        copied |= {"assets/mermaid.js": DRAWS, "assets/draw.js": HERE / "draw.js"}
        config.extra_javascript += ["assets/mermaid.js", "assets/draw.js"]
    if report := model_page.report():
        copied[model_page.REPORT] = report
    for name, path in copied.items():
        files.append(File.generated(config, name, abs_src_path=str(path.absolute())))
    config.nav = _nav({file.src_uri for file in files.documentation_pages()})
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Show what a person has still to write, what reports/ know, and drawings as far as one can."""
    if page.file.src_uri == "model-card.md":
        markdown += model_page.in_use()
    if not DRAWS.is_file():
        markdown = drawings.in_words(markdown)
    return _without_ways_out(_to_be_written(markdown), page.file.src_uri, files)


def _home(readme: str) -> str:
    return re.sub(r"\]\(docs/", "](", readme)


def _to_be_written(markdown: str) -> str:
    """A `> fill:` block becomes a box, so that a reader sees at once that nothing stands here."""

    def box(found: re.Match[str]) -> str:
        lines = [line.removeprefix(">").strip() for line in found[0].strip().splitlines()]
        lines[0] = lines[0].removeprefix("fill:").strip()
        return '!!! note "Still to be written"\n' + "".join(f"    {line}\n" for line in lines)

    return re.sub(r"^> fill:.*\n?(?:>.*\n?)*", box, markdown, flags=re.MULTILINE)


def _without_ways_out(markdown: str, source: str, files: Files) -> str:
    """A link to a file of the repository that is not part of the site becomes its name.

    A link to nothing stays, for mkdocs to refuse.
    """
    above = posixpath.dirname(source)
    folder = "" if source in FROM_ROOT else posixpath.join("docs", above)

    def plain(found: re.Match[str]) -> str:
        to = found["to"].partition("#")[0]
        if not to or ":" in to or files.get_file_from_path(_join(above, to)):
            return found[0]
        return found["text"] if Path(_join(folder, to)).exists() else found[0]

    return LINK.sub(plain, markdown)


def _join(folder: str, to: str) -> str:
    return posixpath.normpath(posixpath.join(folder, to))


def _nav(there: set[str]) -> list[dict[str, Any]]:
    """The known pages by subject; a page of docs/ that is not among them comes after the others."""
    named = {page for pages in FIRST.values() for page in pages}
    listed = checklist_pages.ORDER
    decisions = sorted(p for p in there if p.startswith("decisions/") and p not in named)
    rest = sorted(there - named - set(decisions) - set(listed) - {"changelog.md"})
    nav: list[dict[str, Any]] = []
    for title, pages in FIRST.items():
        inside: list[Any] = [page for page in pages if page in there]
        if title == "Decisions":
            inside += decisions
        if inside:
            nav.append({title: inside if len(inside) > 1 else inside[0]})
    nav.append({"Checklist": [page for page in listed if page in there]})
    more = [*rest, *(["changelog.md"] if "changelog.md" in there else [])]
    return [*nav, *([{"More": more}] if more else [])]
