"""Predict the rows of a file: `predict INPUT OUTPUT`."""

import argparse
from pathlib import Path

import polars as pl

from ..configs.load import load_project
from ..configs.settings import Config, Data
from ..dataloader.examples import labels
from ..dataloader.schema import Schema
from ..dataloader.sources import ROW, load
from ..model import store
from ..model.predictor import Predictor
from ..utils import runs
from ..utils.files import replacing, write_json
from ..utils.logs import log
from ..utils.predictions import Predictions


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The files, `--run` and `--skip-invalid`."""
    parser.add_argument("input", metavar="INPUT", help="CSV or Parquet with the model's columns")
    parser.add_argument("output", metavar="OUTPUT", help="CSV or Parquet to write")
    parser.add_argument("--run", help="the run whose model to use (default: the newest)")
    text = "leave invalid rows out, list them in data/quarantine/, and predict the others"
    parser.add_argument("--skip-invalid", action="store_true", help=text)


def run(args: argparse.Namespace) -> None:
    """Predict every row of INPUT, in order."""
    output = Path(args.output)
    if output.suffix.lower() not in (".csv", ".parquet"):
        raise ValueError(f"{args.output}: cannot write '{output.suffix}'; use .csv or .parquet")
    config = load_project(args.root, args.overrides)
    chosen = runs.find(args.root, args.run)
    rows = predict_file(config, args.root, chosen.folder, Path(args.input), args.skip_invalid)
    with replacing(output) as temporary:
        write = rows.write_csv if output.suffix.lower() == ".csv" else rows.write_parquet
        write(temporary)
    log("predict", f"{len(rows)} rows to {args.output} with run {chosen.folder.name}")


def predict_file(
    config: Config, root: Path, folder: Path, path: Path, skip_invalid: bool = False
) -> pl.DataFrame:
    """`row`, `prediction`, and for classes their probabilities, for each valid row of a file.

    Raises ValueError with file, row, column, rule and value where a row is invalid, unless
    skip_invalid lists such rows in data/quarantine/<file>.json instead.
    """
    model, description = store.load(folder)
    schema = Schema.model_validate(description["schema"])
    table = load(config.data, root, path)
    if not len(table):
        raise ValueError(f"{path}: no rows; nothing was written")
    valid, invalid = schema.validate_rows(table, str(path), float(skip_invalid))
    if len(invalid):
        quarantine = root / "data" / "quarantine" / f"{path.stem}.json"
        write_json(quarantine, invalid.to_dicts())
        n_invalid = invalid[ROW].n_unique()
        log("", f"skipped   {n_invalid} invalid rows, see {quarantine.relative_to(root)}")
    return labelled(prediction_table(model, valid), table, config.data)


def labelled(predicted: pl.DataFrame, table: pl.DataFrame, data: Data) -> pl.DataFrame:
    """What `prediction_table` made, beside the columns that name a row. table: with ROW."""
    if not (named := labels(data)):
        return predicted
    beside = table.filter(pl.col(ROW).is_in(predicted["row"].implode()))
    return pl.concat([beside[named], predicted], how="horizontal")


def prediction_table(model: Predictor, rows: pl.DataFrame) -> pl.DataFrame:
    """`row`, `prediction` and `probability_<class>`, or of forecasts `lower`, `upper`."""
    predicted = model.predict(rows)
    if model.classes is None or predicted.y_score is None:
        return pl.DataFrame({"row": rows[ROW], "prediction": predicted.y_pred, **_ends(predicted)})
    labels = pl.Series(model.classes, dtype=pl.String).gather(predicted.y_pred)
    shares = zip(model.classes, predicted.y_score.T, strict=True)
    columns = {"row": rows[ROW], "prediction": labels}
    return pl.DataFrame(columns | {f"probability_{label}": share for label, share in shares})


def _ends(predicted: Predictions) -> dict[str, pl.Series]:
    """The interval of each forecast, null where there is none."""
    if predicted.half_width is None:
        return {}
    half, y_pred = pl.Series(predicted.half_width).fill_nan(None), pl.Series(predicted.y_pred)
    return {"lower": y_pred - half, "upper": y_pred + half}
