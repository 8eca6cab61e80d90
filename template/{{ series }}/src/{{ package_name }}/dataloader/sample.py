"""The built-in sample: carbon dioxide in the air, month by month, with a trend and a season."""

import importlib.resources
import lzma
from pathlib import Path

from ..configs.settings import Config, Data
from ..utils.files import write_text
from ..utils.logs import log
from .sources import ORIGINAL

SAMPLE, NAME = "sample", "co2.csv"
ORIGIN = (
    "Keeling and Whorf (2004), Atmospheric CO2 concentrations at Mauna Loa, Hawaii, Carbon Dioxide "
    "Information Analysis Center; monthly means of the weekly values in statsmodels"
)
LICENCE = "public domain"


def with_sample(config: Config, root: Path, replace: bool) -> Data:
    """The data settings; where they name the sample, its file is written and its origin filled.

    A file of its name that is there already is kept, and named where it is not the sample.
    replace: of the kinds of data that have files beside the table.
    """
    data, origin, file = config.data, ORIGIN, (ORIGINAL / NAME).as_posix()
    if data.file != SAMPLE:
        return data
    packed = importlib.resources.files(__package__).joinpath(f"{NAME}.xz")
    content = lzma.decompress(packed.read_bytes()).decode("utf-8")
    if not (root / file).is_file():
        write_text(root / file, content)
    elif (root / file).read_text(encoding="utf-8") != content:
        log("sample", f"{file} differs from the sample and is kept; to have that back, delete it")
        origin = f"changed here; before that {origin}"
    origin, licence = data.origin or origin, data.licence or LICENCE
    return data.model_copy(update={"file": file, "origin": origin, "licence": licence})
