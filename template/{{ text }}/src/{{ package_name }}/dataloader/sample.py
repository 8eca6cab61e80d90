"""The built-in sample: docstrings of open-source packages, so no network is needed.

Its columns: text, package, n_parameters (of the function) and file (of its source).
"""

import lzma
from importlib import resources
from pathlib import Path

from ..configs.settings import Config, Data
from ..utils.files import replacing
from ..utils.logs import log
from .sources import ORIGINAL

SAMPLE, FILE = "sample", "docstrings.csv"
ORIGIN = "docstrings of functions in networkx 3.6.1, numpy 2.4.6, polars 2.1.0, scikit-learn 1.9.1,"
ORIGIN += " scipy 1.17.1 and sympy 1.14.0, cut at 480 characters; names of packages are masked"
LICENCE = "BSD-3-Clause and MIT, see docstrings-notices.txt in the package"


def with_sample(config: Config, root: Path, replace: bool) -> Data:
    """The data settings; where they name the sample, its file is written and its origin filled.

    A file of its name that is there already is kept, and named where it is not the sample.
    replace: of the kinds of data that have files beside the table.
    """
    data, origin, path = config.data, ORIGIN, root / ORIGINAL / FILE
    if data.file != SAMPLE:
        return data
    content = lzma.decompress((resources.files(__package__) / f"{FILE}.xz").read_bytes())
    if not path.is_file():
        with replacing(path) as temporary:
            temporary.write_bytes(content)
    elif path.read_bytes() != content:
        log("sample", f"{ORIGINAL.as_posix()}/{FILE} differs from the sample and is kept")
        origin = f"changed here; before that {ORIGIN}"
    known = {"origin": data.origin or origin, "licence": data.licence or LICENCE}
    return data.model_copy(update={"file": (ORIGINAL / FILE).as_posix(), **known})
