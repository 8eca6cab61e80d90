"""Each file of the template lies in the layer that needs it; read from the tree, not rendered.

A layer is a folder of template/: `every`, `core`, a kind of data, or a component of components.yml.
"""

import ast
import re
import shutil
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT, Render, run

PACKAGE = "src/{{ package_name }}/"
CORE_PACKAGES = {"configs", "dataloader", "model", "executor", "evaluation", "utils"}
CORE_MODULES = {"__init__.py", "__main__.py", "main.py", "py.typed"}


class Layers:
    """The layers of a template: which file is whose, and who may import whom."""

    def __init__(self, root: Path) -> None:
        table = yaml.safe_load((root / "components.yml").read_text(encoding="utf-8"))
        self.components: dict[str, dict[str, Any]] = table["components"]
        self.kinds: dict[str, dict[str, Any]] = table["kinds"]
        self.offers: dict[str, list[str]] = {**table["rows"], **table["kind"]}
        folders = [path for path in (root / "template").iterdir() if path.is_dir()]
        self.folders = {path.name.strip("{} "): path for path in folders}
        self.owner: dict[str, str] = {}
        self.files: dict[str, dict[str, Path]] = {}
        for layer, folder in sorted(self.folders.items()):
            paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
            paths = [path for path in paths if "__pycache__" not in path.parts]
            self.files[layer] = {
                path.relative_to(folder).as_posix().removesuffix(".jinja"): path for path in paths
            }
            for name in self.files[layer]:
                self.owner.setdefault(name, layer)

    @property
    def named(self) -> set[str]:
        """Every layer that components.yml and the template know."""
        return {"every", "core", "rows", *self.kinds, *self.components}

    def closure(self, component: str) -> set[str]:
        """A component and all that it needs."""
        found = {component}
        for need in self.components.get(component, {}).get("needs", ()):
            found |= self.closure(need) if need in self.components and need not in found else {need}
        return found

    def allowed(self, layer: str) -> set[str]:
        """The layers whose files a file of `layer` may import."""
        shared = {"core", "rows", *self.kinds}
        # What a component puts into model/, the estimators of a kind may offer.
        models = {name for name, each in self.components.items() if each.get("model")}
        return shared | (models if layer in self.kinds else self.closure(layer))

    def provided(self, path: str) -> set[str]:
        """The names that the layers below the core offer to it in a module."""
        module = path.removeprefix(PACKAGE)
        return {re.match(r"\w+", each)[0] for each in self.offers.get(module, ())}  # type: ignore[index]


def problems(root: Path) -> list[str]:
    """Everything that is wrong with the layers of the template in `root`."""
    layers = Layers(root)
    checks = (folders, needs, twice, places, parts, imports)
    return [line for check in checks for line in check(layers)]


def folders(layers: Layers) -> Iterator[str]:
    for name in sorted(layers.named - set(layers.folders)):
        yield f"components.yml: {name} has no folder in template/"
    for name in sorted(set(layers.folders) - layers.named):
        yield f"template/: the folder {name} is not in components.yml"


def needs(layers: Layers) -> Iterator[str]:
    above: set[str] = set()
    scaffolds = ("poc", "mvp", "production", None)
    for name, component in layers.components.items():
        for need in component["needs"]:
            if need not in above:
                yield f"components.yml: {name} needs {need}, which must stand above it"
                continue
            first, own = (
                scaffolds.index(layers.components[each].get("scaffold")) for each in (need, name)
            )
            if first > own:
                yield f"components.yml: {name} comes with a scaffold that lacks {need}"
        above.add(name)


def twice(layers: Layers) -> Iterator[str]:
    for layer, files in layers.files.items():
        for name in files:
            first = layers.owner[name]
            if first != layer and not {first, layer} <= set(layers.kinds):
                yield f"{name} is in {first} and in {layer}"


def places(layers: Layers) -> Iterator[str]:
    """A component lies in a package of its own; core and kind lie in the packages of the core."""
    for layer, files in layers.files.items():
        component = layers.components.get(layer)
        allowed = CORE_PACKAGES if component is None else {component.get("package")}
        if component and component.get("model"):
            allowed = {*allowed, "model"}
        for name in files:
            if not name.startswith("src/"):
                continue
            inside = PurePosixPath(name.removeprefix(PACKAGE)).parts
            known = inside[0] in allowed if len(inside) > 1 else inside[0] in CORE_MODULES
            if not known or (len(inside) == 1 and layer != "core"):
                yield f"{layer}: {name} is not in a package of this layer"


def parts(layers: Layers) -> Iterator[str]:
    """A component with a package has tests and a page."""
    for name, component in layers.components.items():
        files = layers.files.get(name, {})
        package = component.get("package")
        if not files:
            yield f"{name} has no files"
        if package is None:
            continue
        if f"{PACKAGE}{package}/__init__.py" not in files:
            yield f"{name} lacks its package {package}"
        if not any(re.fullmatch(rf"tests/{package}/test_\w+\.py", each) for each in files):
            yield f"{name} lacks tests in tests/{package}/"
        if not any(re.fullmatch(r"docs/[\w-]+\.md", each) for each in files):
            yield f"{name} lacks a page in docs/"
    for layer, files in layers.files.items():
        for file in files:
            if PurePosixPath(file).parent == PurePosixPath("conf") and not file.endswith(".yaml"):
                yield f"{layer}: {file} is not YAML"


def imports(layers: Layers) -> Iterator[str]:
    """Each import of each module, wherever it stands, leads to a layer that may be imported."""
    every = {name: path for files in layers.files.values() for name, path in files.items()}
    for layer, files in layers.files.items():
        if layer == "every":  # the checklist tool is a package of its own
            continue
        for name, path in files.items():
            if name.endswith(".py") and name.startswith(("src/", "tests/")):
                yield from _imports(layers, layer, name, path, every)


def _imports(
    layers: Layers, layer: str, name: str, path: Path, every: dict[str, Path]
) -> Iterator[str]:
    for module, imported in imported_names(path, name):
        target = resolve(module, imported, every)
        if target is None:
            yield f"{layer}: {name} imports {imported or module}, which no layer has"
            continue
        owner = layers.owner[target]
        if owner not in layers.allowed(layer):
            yield f"{layer}: {name} imports {target} of {owner}"
        if layer == "core" and owner in {"rows", *layers.kinds} and name.startswith("src/"):
            offered = layers.provided(target)
            module_itself = PurePosixPath(target).stem == imported
            if (imported not in offered and not module_itself) or not offered:
                yield f"core: {name} imports {imported} of {target}, which no kind provides"


def imported_names(path: Path, name: str) -> Iterator[tuple[str, str]]:
    """(folder or module as a path without suffix, imported name) of each import of the project."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".jinja":
        text = re.sub(r"{%.*?%}\n?", "", text).replace("{{ package_name }}", "own_package")
        text = re.sub(r"{{.*?}}", "0", text)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom):
            module = _module(node, name)
            if module:
                yield from ((module, alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "own_package":
                    yield PACKAGE + "/".join(alias.name.split(".")[1:]), ""


def _module(node: ast.ImportFrom, name: str) -> str | None:
    parts = (node.module or "").split(".") if node.module else []
    if node.level:
        folder = PurePosixPath(name).parents[node.level - 1]
        return "/".join([folder.as_posix(), *parts])
    if parts[0] == "own_package":
        return "/".join([PACKAGE.rstrip("/"), *parts[1:]])
    return None


def resolve(module: str, imported: str, every: dict[str, Path]) -> str | None:
    """The file that an import leads to; None if there is none."""
    for candidate in (f"{module}/{imported}.py", f"{module}/{imported}/__init__.py"):
        if imported and candidate in every:
            return candidate
    if f"{module}.py" in every:
        return f"{module}.py"
    package = f"{module}/__init__.py"
    if package not in every:
        return None
    defined = every[package].read_text(encoding="utf-8")
    return package if not imported or re.search(rf"\b{imported}\b", defined) else None


def test_every_file_is_in_the_layer_that_needs_it():
    assert problems(ROOT) == []


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The template and its table, to be spoilt."""
    shutil.copy2(ROOT / "components.yml", tmp_path)
    left_out = shutil.ignore_patterns("__pycache__", "hooks", "checklist")
    shutil.copytree(ROOT / "template", tmp_path / "template", ignore=left_out)
    return tmp_path


def move(file: str, source: str, target: str) -> Callable[[Path], None]:
    def spoil(root: Path) -> None:
        new = root / "template" / f"{{{{ {target} }}}}" / file
        new.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(root / "template" / f"{{{{ {source} }}}}" / file, new)

    return spoil


def write(layer: str, file: str, text: str) -> Callable[[Path], None]:
    def spoil(root: Path) -> None:
        path = root / "template" / f"{{{{ {layer} }}}}" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    return spoil


def swap_table(old: str, new: str) -> Callable[[Path], None]:
    def spoil(root: Path) -> None:
        text = (root / "components.yml").read_text(encoding="utf-8")
        assert old in text
        (root / "components.yml").write_text(text.replace(old, new, 1), encoding="utf-8")

    return spoil


# Fault -> (how it is planted, part of the sentence that names it).
PLANTED: dict[str, tuple[Callable[[Path], None], str]] = {
    "core module in a component": (
        move(f"{PACKAGE}dataloader/split.py", "core", "tune"),
        "dataloader/split.py is not in a package of this layer",
    ),
    "core module lost": (
        lambda root: (root / f"template/{{{{ core }}}}/{PACKAGE}dataloader/split.py").unlink(),
        "which no layer has",
    ),
    "component in the core": (
        write("core", f"{PACKAGE}serving/app.py", '"""App."""\n'),
        "core: src/{{ package_name }}/serving/app.py is not in a package",
    ),
    "core imports a component": (
        write("core", f"{PACKAGE}executor/extra.py", "def f():\n    from ..tuning import search\n"),
        "core: src/{{ package_name }}/executor/extra.py imports",
    ),
    "component imports what it does not need": (
        write("drift", f"{PACKAGE}drift/extra.py", "from ..fairness import groups\n"),
        "drift: src/{{ package_name }}/drift/extra.py imports",
    ),
    "core imports what no kind provides": (
        write("core", f"{PACKAGE}executor/extra.py", "from ..model.preprocess import OTHER\n"),
        "which no kind provides",
    ),
    "one path twice": (write("docs", "conf/search.yaml", "a: 1\n"), "conf/search.yaml is in"),
    "unknown folder": (write("observe", "docs/x.md", "x\n"), "observe is not in components.yml"),
    "needs below": (
        swap_table("and resumed.\n    needs: []", "and resumed.\n    needs: [serve]"),
        "tune needs serve",
    ),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_is_found(copy, name):
    spoil, sentence = PLANTED[name]
    for component in ("fairness", "tune"):  # what the planted imports lead to
        package = {"fairness": "fairness/groups.py", "tune": "tuning/search.py"}[component]
        write(component, PACKAGE + package, '"""Planted."""\n')(copy)
    before = set(problems(copy))

    spoil(copy)

    found = set(problems(copy)) - before
    assert any(sentence in line for line in found), found


@pytest.mark.parametrize(("ci", "job"), [("github", ".github/workflows"), ("gitlab", ".gitlab/ci")])
def test_the_scaffold_checklist_has_its_job_and_no_code(rendered: Render, ci, job):
    project = rendered(scaffold="checklist", ci=ci)

    files = {path.relative_to(project).as_posix() for path in project.rglob("*") if path.is_file()}
    own = {name for name in files if not name.startswith(("hooks/", "checklist/catalog/"))}
    assert f"{job}/checklist.yml" in own
    assert {name for name in own if name.startswith((".github", ".gitlab"))} == {
        f"{job}/checklist.yml"
    }
    assert not [name for name in own if name.startswith(("src/", "tests/", "conf/", "make/"))]
    assert {"docs/problem.md", "docs/data-card.md", "docs/model-card.md"} <= own


def test_a_component_brings_what_it_needs(rendered: Render):
    project = rendered(components=["worker"])

    layers = Layers(ROOT)
    brought = {name for each in ("worker", "serve", "registry") for name in layers.files[each]}
    absent = [n for n in brought if "{" not in n and not (project / n).is_file()]
    assert absent == []
    assert not (project / "conf/search.yaml").exists()


def test_the_hidden_answers_are_the_layers():
    config = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))
    hidden = {name for name, entry in config.items() if name[0] != "_" and "." in str(entry)}

    assert Layers(ROOT).named - hidden == set()


def test_no_component_has_the_name_of_a_question():
    config = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))
    asked = {n for n, q in config.items() if n[0] != "_" and q.get("when") is not False}

    assert not asked & set(Layers(ROOT).components)
    assert not {"tracker", "queue", "remove"} & set(Layers(ROOT).components)


def depth(layers: Layers, name: str) -> int:
    below = [depth(layers, need) for need in layers.components[name]["needs"]]
    return 1 + max(below, default=-1)


def test_the_import_contract_has_every_component_above_what_it_needs(rendered: Render):
    layers = Layers(ROOT)
    packages = {n: c["package"] for n, c in layers.components.items() if "package" in c}
    levels = [[p for n, p in packages.items() if depth(layers, n) == d] for d in (3, 2, 1, 0)]

    content = tomllib.loads((rendered() / "pyproject.toml").read_text(encoding="utf-8"))

    (contract,) = content["tool"]["importlinter"]["contracts"]
    assert contract["layers"] == [
        "__main__",
        "main",
        *(" | ".join(f"({package})" for package in level) for level in levels),
        "executor",
        "dataloader | model | evaluation",
        "configs",
        "utils",
    ]
    assert contract["exhaustive"] is True


def test_no_file_name_of_the_template_breaks_a_windows_clone():
    listed = run("git", "ls-files", "-z", "template", cwd=ROOT).stdout.split("\0")

    assert [name for name in listed if re.search(r'[<>:"|?*\\]', name)] == []
