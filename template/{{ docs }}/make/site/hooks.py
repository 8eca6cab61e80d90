"""Add the pages that are made from README.md, reports/, openapi.json and the checklist."""

import json
import re
from pathlib import Path

import api_page
import project_pages
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from pymdownx.superfences import fence_div_format

MERMAID, OPENAPI = Path("build/mermaid.min.js"), Path("docs/openapi.json")
NAV = {
    "Home": r"index|problem|data-card|model-card|responsible|changelog",
    "How to": r"your-own-data|extending|mvp|(?!architecture)[\w-]+",
    "Architecture": r"architecture|decisions/.*",
    "Checklist": r"checklist/index|checklist/.*",
}


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Draw Mermaid blocks where the script is here; otherwise they are shown as text."""
    if MERMAID.is_file():
        # For the class `mermaid` the theme would load a script from another host.
        fence = {"name": "mermaid", "class": "drawing", "format": fence_div_format}
        config.mdx_configs["pymdownx.superfences"] = {"custom_fences": [fence]}
        config.extra_javascript += ["assets/mermaid.min.js", "assets/draw.js"]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add generated pages and copied files, and order the navigation."""
    pages = project_pages.pages()
    if OPENAPI.is_file():
        pages["api.md"] = api_page.page(json.loads(OPENAPI.read_text(encoding="utf-8")))
    for name, text in pages.items():
        files.append(File.generated(config, name, content=text))
    for name, path in {"assets/mermaid.min.js": MERMAID, **project_pages.reports()}.items():
        if path.is_file():
            files.append(File.generated(config, name, abs_src_path=str(path.absolute())))
    config.nav = navigation([file.src_uri for file in files.documentation_pages()])
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Complete the model card with the version in use."""
    return markdown + (project_pages.champion() if page.file.src_uri == "model-card.md" else "")


def navigation(names: list[str]) -> list[dict[str, list[str]]]:
    """Each page in the first section of NAV that matches it, in the order of the pattern."""
    left, nav = dict.fromkeys(sorted(names)), []
    for title, pattern in NAV.items():
        parts = [re.compile(rf"({part})\.md") for part in pattern.split("|")]
        chosen = dict.fromkeys(name for part in parts for name in left if part.fullmatch(name))
        nav.append({title: list(chosen)})
        left = dict.fromkeys(name for name in left if name not in chosen)
    return nav
