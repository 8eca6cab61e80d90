"""The built-in sample: carbon dioxide in the air, month by month, with a trend and a season."""

import importlib.resources
import lzma
from pathlib import Path

from ..configs.settings import Config, Data
from ..utils.files import replacing
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
    data = config.data
    if data.file != SAMPLE:
        return data
    path, origin = root / ORIGINAL / NAME, ORIGIN
    package = str(__package__).rpartition(".")[0]
    packed = importlib.resources.files(package) / "dataloader" / f"{NAME}.xz"
    text = lzma.decompress(packed.read_bytes()).decode("utf-8")
    content = text.replace("co2", data.target, 1).replace("month", data.time, 1).encode("utf-8")
    if not path.is_file():
        with replacing(path) as temporary:
            temporary.write_bytes(content)
    elif path.read_bytes() != content:
        log("sample", f"{path} differs from the sample and is kept; to have that back, delete it")
        origin = f"changed here; before that {origin}"
    file = (ORIGINAL / NAME).as_posix()
    filled = {"origin": data.origin or origin, "licence": data.licence or LICENCE}
    return data.model_copy(update={"file": file, **filled})
