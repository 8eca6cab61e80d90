"""Data of kind image, in a project and in its environment: own images, and faults in them."""

# mypy: disable-error-code="import-not-found,no-untyped-call,import-untyped"
from __future__ import annotations

import contextlib
import io
import json
import re
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
import torch
import yaml
from my_model import main
from my_model.configs.load import load_project
from my_model.dataloader.manifest import read_part
from my_model.model import store, training
from my_model.model.networks import AUGMENT, MAX_SHIFT, NETWORKS, Normalize
from my_model.model.weights import load_weights
from my_model.utils import images, runs
from PIL import Image
from safetensors.torch import save_file
from sklearn.datasets import load_digits

ROOT = Path(__file__).resolve().parents[1]
CLASSES = ("ash", "birch", "cedar")  # of one brightness; only the colour differs
COLOURS = ((200, 60, 60), (60, 200, 60), (60, 60, 200))
N_IMAGES, SIDE = 240, 16
EXIF_MAKE = 0x010F


def picture(number: int, label: int) -> Image.Image:
    """A disc of the class's colour on a grey ground, elsewhere in each image."""
    random = np.random.default_rng(number)
    ground = Image.fromarray(random.integers(60, 200, (4, 4)).astype(np.uint8))
    ground = ground.resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    values = np.asarray(ground)[:, :, None] + random.normal(0, 3, (SIDE, SIDE, 3))
    rows, columns = np.mgrid[:SIDE, :SIDE]
    at = random.uniform(5, SIDE - 5, size=2)
    inside = np.hypot(rows - at[0], columns - at[1]) < random.uniform(3, 5)
    values[inside] = np.array(COLOURS[label]) + random.normal(0, 3, (inside.sum(), 3))
    return Image.fromarray(values.clip(0, 255).astype(np.uint8))


class Project:
    """A copy of the project with images of its own, set by conf/ alone."""

    def __init__(self, root: Path, **data: object) -> None:
        self.root, self.printed = root, ""
        for folder in ("conf", "src"):
            shutil.copytree(ROOT / folder, root / folder)
        self.conf(data={"image_size": [SIDE, SIDE], "channels": 3, "target": "tree", **data})
        self.conf(models={"network": {"epochs": 6, "sizes": {"width": 8}}})
        self.photos = root / "data" / "original" / "photos"
        for number in range(N_IMAGES):
            label = number % len(CLASSES)
            path = self.photos / CLASSES[label] / f"{number:03}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            picture(number, label).save(path)

    def conf(self, **sections: dict[str, object]) -> None:
        """Change values of conf/default.yaml."""
        path = self.root / "conf" / "default.yaml"
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        for name, values in sections.items():
            for key, value in values.items():
                if isinstance(value, dict):
                    content[name][key] = content[name].get(key, {}) | value
                else:
                    content[name][key] = value
        path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")

    def run(self, *argv: str) -> SimpleNamespace:
        """A command, in this process."""
        out, err = io.StringIO(), io.StringIO()
        printed = contextlib.redirect_stdout(out), contextlib.redirect_stderr(err)
        with contextlib.chdir(self.root), printed[0], printed[1]:
            code = main.main(argv)
        return SimpleNamespace(code=code, out=out.getvalue(), err=err.getvalue())

    def done(self, *argv: str) -> str:
        """What a command prints that must succeed."""
        found = self.run(*argv)
        assert found.code == 0, found.out + found.err
        return str(found.out)

    def table(self, **columns: list[object]) -> Path:
        """photos.csv: image, tree, and these columns; the images' folder is in data.folder."""
        paths = sorted(self.photos.rglob("*.png"), key=lambda path: path.name)
        names = [path.relative_to(self.photos).as_posix() for path in paths]
        labels = [path.parent.name for path in paths]
        file = self.root / "data" / "photos.csv"
        pl.DataFrame({"image": names, "tree": labels, **columns}).write_csv(file)
        self.conf(data={"file": "data/photos.csv", "folder": "data/original/photos"})
        return file

    def suspects(self) -> dict[str, dict[str, object]]:
        """Fault -> suspicion, of `prepare`."""
        self.done("prepare")
        manifest = json.loads((self.root / "data/manifest.json").read_text(encoding="utf-8"))
        return {one["fault"]: one for one in manifest["suspects"]}


@pytest.fixture
def project(tmp_path):
    """A folder a class."""
    return Project(tmp_path / "project", file="data/original/photos")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The same, trained and evaluated; to read."""
    made = Project(tmp_path_factory.mktemp("trained") / "project", file="data/original/photos")
    made.printed = made.done("train") + made.done("evaluate", "evaluation.n_resamples=100")
    return made


def test_an_own_folder_is_trained_and_predicted_by_conf_alone(trained, tmp_path):
    report = json.loads((trained.root / "reports/evaluation.json").read_text(encoding="utf-8"))
    wrong = {one["fault"] for one in report["suspects"]} - {"too good"}
    file = tmp_path / "new.csv"
    paths = [f"data/original/photos/{CLASSES[n % 3]}/{n:03}.png" for n in range(6)]
    pl.DataFrame({"image": paths}).write_csv(file)
    trained.done("predict", str(file), str(tmp_path / "out.csv"))
    found = pl.read_csv(tmp_path / "out.csv")

    assert report["metrics"]["balanced_accuracy"]["value"] > 0.9
    assert report["beats_baseline"]["low"] > 0
    assert wrong == set()
    assert (found["prediction"] == [CLASSES[n % 3] for n in range(6)]).sum() >= 5


def test_the_report_shows_pictures_and_nothing_of_them_leaves_with_reports(trained):
    page = (runs.find(trained.root).folder / "report.html").read_text(encoding="utf-8")
    written = (trained.root / "reports/evaluation.json").read_text(encoding="utf-8")

    assert "Where the network looked" in page
    assert page.count("data:image/png;base64,") >= 16  # eight images, and their attributions
    assert "With random weights they correlate" in page
    assert "base64" not in written


def test_an_own_csv_with_patients_is_split_by_them(project):
    patients = [f"p{number // 6}" for number in range(N_IMAGES)]
    project.table(patient=patients)
    torn = project.suspects()
    project.conf(data={"split": {"by": "group", "column": "patient"}})
    whole = project.suspects()
    parts = {name: read_part(project.root, name) for name in ("train", "valid")}

    assert torn["groups"]["severity"] == "warn"
    assert "by: group, column: patient" in str(torn["groups"]["advice"])
    assert "groups" not in whole
    assert not set(parts["train"]["patient"]) & set(parts["valid"]["patient"])
    assert project.run("train", "models.network.epochs=1").code == 0


def test_sound_images_raise_no_suspicion(project):
    assert project.suspects() == {}


def test_copies_across_parts_are_a_leak_and_dropped_where_asked(project):
    for number in range(0, 60, 2):
        source = project.photos / CLASSES[number % 3] / f"{number:03}.png"
        shutil.copyfile(source, source.with_name(f"copy-{number}.png"))
    found = project.suspects()
    project.conf(data={"duplicates": "drop"})
    dropped = project.suspects()

    assert found["duplicates"]["severity"] == "leak"
    assert found["duplicates"]["n_rows"] == 60
    assert "duplicates" not in dropped


def test_nearly_equal_images_in_two_parts_are_found(project):
    for number in range(0, 60, 2):
        source = project.photos / CLASSES[number % 3] / f"{number:03}.png"
        saved = Image.open(source).resize((2 * SIDE, 2 * SIDE), Image.Resampling.LANCZOS)
        saved.save(source.with_name(f"again-{number}.jpg"), quality=90)
    found = project.suspects()

    assert "near copies" in found


def test_wrong_labels_are_named_with_their_images(project):
    digits = load_digits()
    shutil.rmtree(project.photos)
    wrong = set(range(0, 1797, 40))  # one in forty
    for number, (pixels, label) in enumerate(zip(digits["images"], digits["target"], strict=True)):
        given = (label + 3) % 10 if number in wrong else label
        path = project.photos / str(given) / f"{number:04}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        values = (pixels * 15).astype(np.uint8)[None]
        path.write_bytes(images.as_png(images.pixels_of(values)))
    project.conf(data={"image_size": [8, 8], "channels": 1})
    found = project.suspects()
    named = re.findall(r"(\d{4})\.png", str(found["labels"]["evidence"]))

    assert found["labels"]["severity"] == "ask"
    assert set(map(int, named)) <= wrong


@pytest.mark.parametrize("short_cut", ["format", "border", "entries", "size"])
def test_what_is_no_part_of_the_object_and_tells_the_class_is_a_leak(project, short_cut):
    for path in sorted(project.photos.rglob("*.png")):
        if path.parent.name != CLASSES[0]:
            continue
        image = Image.open(path).copy()
        if short_cut == "format":
            path.unlink()
            image.save(path.with_suffix(".jpg"), quality=95)
        elif short_cut == "border":
            values = np.array(image)
            values[[0, -1]] = values[:, [0, -1]] = 0
            Image.fromarray(values).save(path)
        elif short_cut == "entries":
            exif = image.getexif()
            exif[EXIF_MAKE] = "A camera"
            image.save(path, exif=exif)
        else:
            image.resize((SIDE + 8, SIDE + 8)).save(path)
    project.conf(data={"accept": {"tree": ["labels"]}})
    found = project.suspects()

    assert found["leak"]["columns"] == ["image"]
    assert found["leak"]["severity"] in ("warn", "leak")


def test_blank_and_odd_images_are_named(project):
    Image.new("RGB", (SIDE, SIDE), "white").save(project.photos / "ash" / "blank.png")
    picture(999, 0).resize((4 * SIDE, SIDE)).save(project.photos / "ash" / "wide.png")
    picture(998, 0).resize((3, 3)).save(project.photos / "ash" / "tiny.png")
    project.done("prepare")
    manifest = json.loads((project.root / "data/manifest.json").read_text(encoding="utf-8"))
    text = " ".join(one["evidence"] for one in manifest["suspects"])

    assert all(name in text for name in ("blank.png", "wide.png", "tiny.png"))


def test_a_broken_a_missing_and_a_changed_image_are_named_by_path(project):
    project.done("prepare")
    path = project.photos / "birch" / "001.png"
    content = path.read_bytes()
    path.unlink()
    missing = project.run("train")
    path.write_bytes(content[:-40])
    changed, broken = project.run("train"), project.run("prepare", "--replace")
    path.write_bytes(content)

    for found in (missing, changed):
        assert found.code == 2
        assert "birch/001.png: missing or changed" in found.err
    assert broken.code == 2
    assert "birch/001.png: " in broken.err
    assert project.run("train", "models.network.epochs=1").code == 0


def test_a_file_an_http_request_and_onnx_give_the_same_predictions(trained):
    testclient = pytest.importorskip("fastapi.testclient")
    pytest.importorskip("my_model.serving.app")
    from my_model.dataloader.examples import inline
    from my_model.executor.predict import prediction_table
    from my_model.serving.app import create_app
    from my_model.serving.serve import load_version
    from my_model.serving.settings import load_service

    trained.done("register")
    with contextlib.chdir(trained.root):
        service = load_service(trained.root, ["model=1"])
        version = load_version(trained.root, service)
        rows = read_part(trained.root, "valid").head(20)
        expected = prediction_table(store.load(version.folder)[0], rows)
        shutil.move(trained.photos, trained.photos.with_name("away"))
        shutil.move(trained.photos.with_name("away"), trained.photos)
        sent = inline(rows.select("image")).to_dicts()
        swapped = [{"image": as_text(cell, swap=True)} for cell in rows["image"]]
        with testclient.TestClient(create_app(version, service, [])) as client:
            found = client.post("/predict", json=sent).json()
            other = client.post("/predict", json=swapped).json()
            refused = client.post("/predict", json={"image": rows["image"][0]})

    assert json.loads((version.folder / "serving.json").read_text())["engine"] == "onnxruntime"
    scores = expected.select(pl.col("^probability_.*$")).to_numpy()
    np.testing.assert_allclose([list(one["probabilities"].values()) for one in found], scores, 1e-4)
    assert [one["prediction"] for one in found] == expected["prediction"].to_list()
    # Blue for red would have been seen.
    assert [one["prediction"] for one in other] != expected["prediction"].to_list()
    assert refused.status_code == 422  # a request names no file


def as_text(path: str, *, swap: bool) -> str:
    """The file of an image as base64 text; swap: with red and blue exchanged."""
    values = images.read_array(path, (SIDE, SIDE), 3)
    cell = images.as_png(images.pixels_of(values[::-1] if swap else values))
    return str(images.base64.b64encode(cell).decode("ascii"))


def test_augmentation_changes_train_alone_and_depends_on_seed_epoch_and_example(trained):
    config = load_project(trained.root)
    with contextlib.chdir(trained.root):
        model, _ = store.load(runs.find(trained.root).folder)
        valid = read_part(trained.root, "valid")
        score = model.predict(valid).y_score
    codes = [model.classes.index(label) for label in valid["tree"]]
    weight = np.ones(len(codes))
    loss = -np.log(score[np.arange(len(codes)), codes])
    best = min(one["valid"] for one in model.estimator.history_)
    X = torch.rand(5, 3, SIDE, SIDE) * 255

    def changed(epoch, index):
        return AUGMENT(X[index], lambda n: training.uniforms(epoch, 5, n)[index])

    every = torch.arange(5)
    # Class weights are nearly one here: the classes are equally common.
    assert np.average(loss, weights=weight) == pytest.approx(best, rel=0.05)
    assert config.train.class_weight == "balanced"
    assert not torch.equal(changed(0, every), X)
    assert not torch.equal(changed(0, every), changed(1, every))
    torch.testing.assert_close(changed(3, every)[2:4], changed(3, every[2:4]))
    assert (changed(0, every) - X).abs().mean() < 100
    assert 0 < MAX_SHIFT < 0.5


def test_mean_and_spread_are_those_of_train(trained):
    with contextlib.chdir(trained.root):
        model, _ = store.load(runs.find(trained.root).folder)
        X = model.matrix(read_part(trained.root, "train")).astype(float)
    (layer,) = [one for one in model.estimator.module().modules() if isinstance(one, Normalize)]

    np.testing.assert_allclose(layer.mean.ravel(), X.mean((0, 2, 3)), rtol=1e-4)
    np.testing.assert_allclose(layer.spread.ravel(), X.std((0, 2, 3)), rtol=1e-3)


def test_a_network_begins_with_the_weights_of_a_local_file(project, trained):
    with contextlib.chdir(trained.root):
        model, _ = store.load(runs.find(trained.root).folder)
    weights = {n: torch.from_numpy(w.copy()) for n, w in model.estimator.weights_.items()}
    last = max(int(name.partition(".")[0]) for name in weights)
    weights[f"{last}.weight"] = torch.zeros(7, 3)  # of another task
    weights["spare.weight"] = torch.zeros(2)
    save_file(weights, project.root / "begin.safetensors")
    words = ["models.network.weights=begin.safetensors", "models.network.epochs=1"]
    printed = project.done("train", *words, "models.network.lr=0.0000001")
    with contextlib.chdir(project.root):
        tuned, _ = store.load(runs.find(project.root).folder)
        missing = project.run("train", "models.network.weights=none.safetensors")
        (project.root / "text.safetensors").write_text("no weights")
        odd = project.run("train", "models.network.weights=text.safetensors")

    assert f"{len(weights) - 2} of {len(weights) - 1} weights are from begin" in printed
    assert f"{last}.weight begin anew" in printed
    assert "spare.weight" in printed
    np.testing.assert_allclose(tuned.estimator.weights_["1.weight"], weights["1.weight"], atol=1e-4)
    assert (missing.code, odd.code) == (2, 2)
    assert "none.safetensors" in missing.err
    assert "text.safetensors: not a file of safetensors" in odd.err


def test_weights_that_fit_nowhere_are_refused(project, monkeypatch):
    monkeypatch.chdir(project.root)
    save_file({"other": torch.zeros(3)}, project.root / "other.safetensors")
    network = NETWORKS["cnn"](torch.zeros(2, 3, SIDE, SIDE), 3)

    with pytest.raises(ValueError, match="no layer has the name and shape"):
        load_weights(network, "other.safetensors")


def test_images_of_other_modes_become_eight_bits_and_white_behind(tmp_path):
    deep = Image.fromarray(np.array([[0, 65535], [32768, 256]], dtype=np.uint16))
    clear = Image.new("RGBA", (2, 2), (255, 0, 0, 0))
    print_ = Image.new("CMYK", (2, 2), (0, 255, 255, 0))
    palette = Image.new("RGB", (2, 2), (10, 20, 30)).convert("P", palette=Image.Palette.ADAPTIVE)
    found = {}
    for name, image in {"deep": deep, "clear": clear, "print": print_, "palette": palette}.items():
        path = tmp_path / (f"{name}.tiff" if name == "print" else f"{name}.png")
        image.save(path)
        found[name] = images.read_array(str(path), (2, 2), 3)[:, 0].tolist()

    assert found["deep"] == [[0, 255]] * 3
    assert found["clear"] == [[255, 255]] * 3
    assert found["print"] == [[254, 254], [0, 0], [0, 0]] or found["print"][0][0] > 200
    assert found["palette"] == [[10, 10], [20, 20], [30, 30]]


def test_too_large_images_are_refused_before_they_are_decoded(tmp_path, monkeypatch):
    path = tmp_path / "bomb.png"
    Image.new("1", (7000, 7000)).save(path)  # 49 million pixels in some kilobytes
    text = images.base64.b64encode(path.read_bytes()).decode("ascii")

    assert path.stat().st_size < 100_000
    with pytest.raises(ValueError, match=re.escape("40,000,000 pixels")):
        images.from_request(text)
    monkeypatch.setattr(images, "MAX_BYTES", 10)
    with pytest.raises(ValueError, match="more than 10 bytes"):
        images.read_array(str(path), (8, 8), 1)
