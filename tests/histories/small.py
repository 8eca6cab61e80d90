"""A small template that behaves as ours: the real copier.yml, a few of the real files.

A history of it takes seconds where one of the whole template takes minutes.
"""

import re
import shutil
from pathlib import Path

# What people edit most, one file of each kind: layer -> paths below it.
KEPT = {
    "every": (
        "checklist/catalog/{% yield file from catalog_files %}{{ file }}{% endyield %}.jinja",
        "docs/data-card.md",
        "docs/problem.md",
        "hooks/ml_checklist/{% yield file from tool_files %}{{ file }}{% endyield %}.jinja",
    ),
    "core": (
        "{{ github }}/workflows/check.yml",
        "{{ github }}/workflows/test.yml",
        "{{ gitlab }}/ci/check.yml",
        "{% if on_gitlab %}.gitlab-ci.yml{% endif %}",
        "{% if owned %}CODEOWNERS{% endif %}.jinja",
        "{% if licence == 'MIT' %}LICENSE{% endif %}.jinja",
        ".gitattributes",
        ".gitignore",
        ".pre-commit-config.yaml",
        "Makefile.jinja",
        "README.md.jinja",
        "conf/default.yaml.jinja",
        "data/README.md",
        "docs/architecture.md",
        "make/template.mk",
        "pyproject.toml.jinja",
        "src/{{ package_name }}/executor/evaluate.py",
        "src/{{ package_name }}/executor/train.py",
        "tests/test_main.py.jinja",
    ),
    "docs": ("mkdocs.yml.jinja",),
}
# Where template and people meet: names that hold one of these are changed more often.
HOT = ("README", "Makefile", "conf/default", "executor/train", "workflows/test", "docs/problem")
# A component that scaffold `mvp` has; two files stand for it.
SERVING = "{{ serve }}/src/{{ package_name }}/serving"
TOOL = ["__init__.py", "origin.py"]


def layer(name: str) -> str:
    """The folder of a layer in template/."""
    return "{{ " + name + " }}"


def in_project(path: Path, template: Path) -> str:
    """The path in a project of a file below template/: without its layer."""
    name = path.relative_to(template).as_posix()
    return name.partition("/")[2] if name.startswith("{{ ") and "/" in name else name


def cut(template: Path, to: Path, catalog_files: list[str]) -> Path:
    """A small copy of `template` in the folder `to`; its catalog is yet to be written."""
    kept = [f"{layer(name)}/{path}" for name, paths in KEPT.items() for path in paths]
    kept.append("{{ _copier_conf.answers_file }}.jinja")
    files = ["components.yml", "hooks/validate.jinja", "checklists/facts.yml"]
    files += [f"hooks/ml_checklist/{name}" for name in TOOL]
    for name in (*files, *(f"template/{path}" for path in kept)):
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(template / name, to / name)
    serving = to / "template" / SERVING
    serving.mkdir(parents=True)
    for name, text in (("__init__", '"""Serve."""\n'), ("app", '"""The app."""\n\nPORT = 8000\n')):
        (serving / f"{name}.py").write_text(text, encoding="utf-8")
    text = (template / "copier.yml").read_text(encoding="utf-8")
    lists = {"tool_files": TOOL, "catalog_files": ["facts.yml", *catalog_files]}
    for name in re.findall(r"^((?:tool|catalog)_\w+):$", text, flags=re.M):
        text = listed(text, name, lists.get(name, []))
    (to / "copier.yml").write_text(text, encoding="utf-8")
    return to


def listed(text: str, name: str, files: list[str]) -> str:
    """copier.yml with another list of root files."""
    lines = "".join(f"    - {file}\n" for file in sorted(files)) or "    []\n"
    pattern = rf"(^{name}:\n  type: yaml\n  when: false\n  default: \|\n)(?:    .*\n)+"
    made, n = re.subn(pattern, lambda found: found[1] + lines, text, flags=re.M)
    assert n == 1, name
    return made
