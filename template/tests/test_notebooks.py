"""Every cell of every notebook runs, from top to bottom, and no output is committed."""

import contextlib
import io
import json
from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).resolve().parent.parent / "notebooks").glob("*.ipynb"))

pytestmark = [
    pytest.mark.integration,
    pytest.mark.proves("programming.notebooks-run"),
    pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name),
]


def test_the_cells_run(path, project):
    """As plain Python in one namespace: Jupyter is not needed to see whether a cell breaks."""
    names = {"__name__": "__main__"}
    with contextlib.chdir(project.root), contextlib.redirect_stdout(io.StringIO()):
        for number, source in enumerate(code_cells(path), start=1):
            exec(compile(source, f"{path.name} cell {number}", "exec"), names)

    assert len(names) > 1


def test_no_output_is_kept(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    kept = [place for place, cell in enumerate(cells) if cell.get("outputs")]

    assert kept == [], "run `make fix`: outputs hold data, and every run changes them"


def test_only_the_train_part_is_opened(path):
    cells = "\n".join(code_cells(path))

    assert "for_evaluation" not in cells
    assert "data/test" not in cells


def code_cells(path):
    """The sources of the code cells; lines for Jupyter alone (%, !) are left out."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    return [
        "\n".join(line for line in source.splitlines() if not line.lstrip().startswith(("%", "!")))
        for source in sources
    ]
