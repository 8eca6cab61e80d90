"""Make the sample of data=text: which package is a docstring from, and how many parameters?

    python tests/kinds/make_text_sample.py [FOLDER]

Reads the sources of PACKAGES, as they are installed, with `ast`; nothing is imported. Writes the
table as xz and the notices of the packages beside it. It was run once: a later release of a package
would change every figure, so the result is frozen in template/.
"""

import ast
import csv
import io
import lzma
import random
import re
import sys
from collections import Counter
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

# Distribution -> folder; all are under BSD or MIT.
PACKAGES = {
    "networkx": "networkx",
    "numpy": "numpy",
    "polars": "polars",
    "scikit-learn": "sklearn",
    "scipy": "scipy",
    "sympy": "sympy",
}
# Names that would say the answer, as words and at the start of a dotted name.
NAMES = r"networkx|nx|numpy|np|polars|pl|scikit[- ]learn|scikit|sklearn|scipy|sympy"
MASK = re.compile(rf"(?<![A-Za-z])({NAMES})(?![A-Za-z])", re.IGNORECASE)
MIN_CHARACTERS, MAX_CHARACTERS = 120, 480
N_OF_CLASS, N_OF_FILE = 360, 10
SHINGLE, ALIKE = 5, 0.35
FOLDER = "template/{{ text }}/src/{{ package_name }}/dataloader"
Row = dict[str, str | int]
Functions = (ast.FunctionDef, ast.AsyncFunctionDef)


def docstrings(package: str) -> Iterator[Row]:
    """A row for each documented function: text, package, n_parameters, file."""
    folder = Path(str(distribution(package).locate_file(PACKAGES[package])))
    for path in sorted(folder.rglob("*.py")):
        if {"tests", "testing", "_testing"} & set(path.parts) or path.name.startswith("test_"):
            continue
        file = path.relative_to(folder.parent).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, Functions):
                text = masked(ast.get_docstring(node) or "")
                if len(text) >= MIN_CHARACTERS:
                    n = n_parameters(node.args)
                    yield {"text": text, "package": package, "n_parameters": n, "file": file}


def masked(text: str) -> str:
    """One line without names of packages, cut at a word."""
    line = MASK.sub("package", " ".join(text.split()))
    return line if len(line) <= MAX_CHARACTERS else line[:MAX_CHARACTERS].rpartition(" ")[0]


def n_parameters(arguments: ast.arguments) -> int:
    """Parameters but self and cls."""
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return len([one for one in every if one.arg not in ("self", "cls")])


def shingles(text: str) -> frozenset[tuple[str, ...]]:
    words = re.findall(r"\w+|[^\w\s]", text.lower())
    return frozenset(zip(*(words[i:] for i in range(SHINGLE)), strict=False))


def distinct(rows: list[Row]) -> Iterator[Row]:
    """The rows that are no near copy of an earlier one."""
    seen: list[frozenset[tuple[str, ...]]] = []
    places: dict[tuple[str, ...], list[int]] = {}
    for row in rows:
        own = shingles(str(row["text"]))
        shared = Counter(place for one in own for place in places.get(one, ()))
        if not own or any(n > ALIKE * len(own | seen[place]) for place, n in shared.items()):
            continue
        for one in own:
            places.setdefault(one, []).append(len(seen))
        seen.append(own)
        yield row


def drawn(rows: list[Row]) -> list[Row]:
    """At most N_OF_FILE rows of a file, and N_OF_CLASS of a package."""
    of_file, of_class, found = Counter[str](), Counter[str](), []
    for row in rows:
        file, package = str(row["file"]), str(row["package"])
        if of_file[file] < N_OF_FILE and of_class[package] < N_OF_CLASS:
            of_file[file] += 1
            of_class[package] += 1
            found.append(row)
    return found


def notices() -> str:
    """The notice of each package, without those of libraries that a binary brings along."""
    parts = []
    for package in PACKAGES:
        found = distribution(package)
        names = [file for file in found.files or () if file.name.startswith(("LICENSE", "COPYING"))]
        name = min(names, key=lambda file: len(file.parts))
        text = Path(str(found.locate_file(name))).read_text(encoding="utf-8")
        own = re.split(r"\n-{4,}\n", text)[0].strip()
        parts.append(f"{package} {found.version}\n{'=' * 40}\n{own}\n")
    head = (
        "The docstrings in docstrings.csv are cut from these packages; their notices are below.\n"
    )
    return head + "\n\n" + "\n\n".join(parts)


def main(folder: Path) -> None:
    rows = [row for package in PACKAGES for row in docstrings(package)]
    random.Random(0).shuffle(rows)
    chosen = drawn(list(distinct(rows)))
    text = io.StringIO()
    writer = csv.DictWriter(text, list(chosen[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(chosen)
    content = text.getvalue().encode("utf-8")
    packed = lzma.compress(content, preset=9 | lzma.PRESET_EXTREME)
    (folder / "docstrings.csv.xz").write_bytes(packed)
    (folder / "docstrings-notices.txt").write_text(notices(), encoding="utf-8")
    print(len(chosen), Counter(row["package"] for row in chosen), len(content), len(packed))
    print(len({row["file"] for row in chosen}), "files")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else FOLDER))
