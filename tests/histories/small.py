"""A small template that behaves as ours: the real copier.yml, a few of the real files.

A history of it takes seconds where one of the whole template takes minutes.
"""

import re
import shutil
from pathlib import Path

import yaml

# What people edit most, one file of each kind; a name is a path below template/.
KEPT = (
    "{{ _copier_conf.answers_file }}.jinja",
    "{% if on_github %}.github{% endif %}/workflows/check.yml",
    "{% if on_github %}.github{% endif %}/workflows/test.yml",
    "{% if on_gitlab %}.gitlab{% endif %}/ci/check.yml",
    "{% if on_gitlab %}.gitlab-ci.yml{% endif %}",
    "{% if owned %}CODEOWNERS{% endif %}.jinja",
    "{% if licence == 'MIT' %}LICENSE{% endif %}.jinja",
    ".gitattributes",
    ".gitignore",
    ".pre-commit-config.yaml",
    "Makefile.jinja",
    "README.md.jinja",
    "checklist/catalog/{% yield file from catalog_files %}{{ file }}{% endyield %}.jinja",
    "conf/default.yaml.jinja",
    "data/README.md",
    "docs/data-card.md",
    "docs/problem.md",
    "docs/your-own-data.md.jinja",
    "hooks/ml_checklist/{% yield file from tool_files %}{{ file }}{% endyield %}.jinja",
    "make/template.mk",
    "pyproject.toml.jinja",
    "src/{{ package_name }}/executor/evaluate.py",
    "src/{{ package_name }}/executor/train.py",
    "tests/test_main.py",
)
# Where template and people meet: names that hold one of these are changed more often.
HOT = ("README", "Makefile", "conf/default", "executor/train", "workflows/test", "docs/problem")
# A folder that only scaffold `mvp` has.
SERVING = "src/{{ package_name }}/serving"
TOOL = ["__init__.py", "origin.py"]


def cut(template: Path, to: Path, catalog_files: list[str]) -> Path:
    """A small copy of `template` in the folder `to`; its catalog is yet to be written."""
    for name in KEPT:
        (to / "template" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(template / "template" / name, to / "template" / name)
    (to / "template" / SERVING).mkdir(parents=True)
    for name, text in (("__init__", '"""Serve."""\n'), ("app", '"""The app."""\n\nPORT = 8000\n')):
        (to / "template" / SERVING / f"{name}.py").write_text(text, encoding="utf-8")
    (to / "hooks/ml_checklist").mkdir(parents=True)
    shutil.copy2(template / "hooks/validate.jinja", to / "hooks/validate.jinja")
    for name in TOOL:
        shutil.copy2(template / "hooks/ml_checklist" / name, to / "hooks/ml_checklist" / name)
    (to / "checklists").mkdir()
    shutil.copy2(template / "checklists/facts.yml", to / "checklists/facts.yml")
    text = (template / "copier.yml").read_text(encoding="utf-8")
    text = listed(text, "tool_files", TOOL)
    text = listed(text, "catalog_files", ["facts.yml", *catalog_files])
    for name in ("catalog_views", "catalog_schemas"):
        text = listed(text, name, [])
    (to / "copier.yml").write_text(text, encoding="utf-8")
    yaml.safe_load(text)
    return to


def listed(text: str, name: str, files: list[str]) -> str:
    """copier.yml with another list of root files."""
    lines = "".join(f"    - {file}\n" for file in sorted(files)) or "    []\n"
    pattern = rf"(^{name}:\n  type: yaml\n  when: false\n  default: \|\n)(?:    .*\n)+"
    made, n = re.subn(pattern, lambda found: found[1] + lines, text, flags=re.M)
    assert n == 1, name
    return made
