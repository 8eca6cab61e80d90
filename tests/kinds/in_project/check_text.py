"""What the kind of data text does, in a project; test_text.py puts it there and runs it."""

# mypy: disable-error-code="import-not-found,import-untyped,no-untyped-call"

import json
import random
import string
from itertools import combinations
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
import torch
from onnxruntime import InferenceSession
from own_package.configs.load import load_project
from own_package.dataloader.profile import find_suspects
from own_package.dataloader.schema import read_schema
from own_package.dataloader.suspects.copies import likeness, near, shingles
from own_package.evaluation.detail import attributions, detail, integrated_gradients
from own_package.model.estimators import build_estimator
from own_package.model.network import Network
from own_package.model.predictor import Predictor
from own_package.model.preprocess import Preprocessor
from own_package.model.tokens import SPECIAL, Tokenizer, learn_vocabulary, read_vocabulary
from own_package.model.transformer import Transformer
from own_package.model.weights import load_weights
from own_package.utils.words import hashed, names_of_hashes, ngrams, words
from safetensors.torch import save_file
from torch.nn import functional

SIZES = {"width": 16, "n_layers": 1, "n_heads": 2}


@pytest.fixture(scope="module")
def table(whole):
    parts = [whole.part(n).with_columns(_part=pl.lit(n)) for n in ("train", "valid", "test")]
    return pl.concat(parts).sort("_row")


@pytest.fixture(scope="module")
def suspects(whole):
    schema = read_schema(whole.root)
    config = load_project(whole.root)

    def find(table, **split):
        data = config.data.model_copy(update={"split": config.data.split.model_copy(update=split)})
        rows = table.drop("_part")
        return [*find_suspects(rows, rows, table["_part"], schema, data)]

    return find


def named(found):
    return {(one.fault, one.severity) for one in found}


def where(condition, text):
    """The text of rows that meet the condition, changed."""
    return pl.when(condition).then(text).otherwise(pl.col("text")).alias("text")


# Words and tokens ------------------------------------------------------------------------------


def test_words_are_those_of_bert():
    text = "Naïve texts: split_me, don't lose 3.5% of “them” (or 中文)!"

    assert " ".join(words(text)) == (
        "naive texts : split _ me , don ' t lose 3 . 5 % of “ them ” ( or 中 文 ) !"
    )
    assert list(ngrams("One two two")) == ["one", "two", "two", "one two", "two two"]


def test_a_hash_counts_its_ngram_and_each_row_has_length_one():
    X = hashed(["red apple", "red red", ""])

    assert np.allclose(X.power(2).sum(axis=1).A1, [1, 1, 0])
    assert X[1].indices.tolist() == sorted(names_of_hashes(["red red"]))


def test_the_longest_tokens_are_taken_and_unknown_characters_are_marked():
    tokenizer = Tokenizer([*SPECIAL, "un", "##able", "##a", "b", "##ab"])

    assert tokenizer.encode("unable b", 9) == [2, 4, 5, 7, 3]
    assert tokenizer.encode("unab \u2603", 9) == [2, 4, 8, 1, 3]
    assert tokenizer.encode("b " * 50, 6) == [2, 7, 7, 7, 7, 3]


def test_a_learnt_vocabulary_has_every_character_of_train_and_no_token_twice(table):
    texts = table.filter(pl.col("_part") == "train")["text"].to_list()
    vocabulary = learn_vocabulary(texts)
    ids = Tokenizer(vocabulary).encode_all(texts[:200], 128)

    assert len(set(vocabulary)) == len(vocabulary) <= 4000
    assert vocabulary[:4] == list(SPECIAL)
    assert not (ids == vocabulary.index("[UNK]")).any()
    assert learn_vocabulary(texts) == vocabulary


def test_a_vocabulary_of_train_knows_no_word_of_test(table):
    train = table.filter(pl.col("_part") == "train")
    fitted = Preprocessor(native=True).fit(train)
    other = Preprocessor(native=True).fit(table.with_columns(pl.lit("zyx zyx zyx").alias("text")))

    assert (
        fitted.tokens_
        == Preprocessor(native=True).fit(train.sample(fraction=1.0, shuffle=True)).tokens_
    )
    assert "zyx" in other.tokens_
    assert "zyx" not in fitted.tokens_


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("[PAD]\n[UNK]\nx\n", r"lacks \[CLS\], \[SEP\]"),
        ("x\n[PAD]\n[UNK]\n[CLS]\n[SEP]\n", "must begin"),
    ],
)
def test_a_vocabulary_that_does_not_fit_is_refused(tmp_path, content, says):
    (tmp_path / "vocab.txt").write_text(content)

    with pytest.raises(ValueError, match=says):
        read_vocabulary(tmp_path / "vocab.txt")
    with pytest.raises(ValueError, match="no such file"):
        read_vocabulary(tmp_path / "other.txt")


# Suspicions ------------------------------------------------------------------------------------


def test_the_sample_raises_no_suspicion(suspects, table):
    assert suspects(table) == []


def test_alike_texts_are_found_and_no_others():
    generator = random.Random(0)
    lexicon = ["".join(generator.choices(string.ascii_lowercase, k=5)) for _ in range(400)]
    texts = [" ".join(generator.choices(lexicon, k=60)) for _ in range(150)]
    for text in texts[:40]:
        changed = text.split()
        for place in generator.sample(range(60), generator.choice([0, 1, 2, 4, 8])):
            changed[place] = "changed"
        texts.append(" ".join(changed))
    sets = [shingles(text) for text in texts]
    pairs = combinations(range(len(texts)), 2)
    expected = {pair for pair in pairs if likeness(sets[pair[0]], sets[pair[1]]) >= 0.5}

    found = set(near(texts))

    assert len(expected) > 20
    assert found <= expected
    assert len(found) >= 0.9 * len(expected)
    assert likeness(np.array([1, 2, 3]), np.array([2, 3, 4, 5])) == 2 / 5


def test_copies_across_parts_are_found(suspects, table):
    copied = table.filter(pl.col("_part") == "train").head(15).with_columns(_part=pl.lit("test"))
    nearly = copied.with_columns(pl.col("text") + " and one more sentence.")
    found = suspects(pl.concat([table, nearly]))

    assert named(found) == {("near copies", "warn")}
    assert found[0].n_rows >= 15


def test_copies_with_another_label_are_found(suspects, table):
    copied = table.filter(pl.col("_part") == "train").head(15)
    labels = pl.col("package").replace_strict({"numpy": "scipy"}, default="numpy")
    found = suspects(pl.concat([table, copied.with_columns(labels.alias("package"))]))

    assert {("duplicates", "warn"), ("labels", "warn")} <= named(found)


def test_labels_that_are_exchanged_are_found(suspects, table):
    generator, classes = random.Random(0), table["package"].unique().sort().to_list()
    labels = [
        generator.choice(classes) if generator.random() < 0.15 else one for one in table["package"]
    ]
    found = suspects(table.with_columns(pl.Series("package", labels)))

    assert named(found) == {("labels", "warn")}
    assert "?)" in found[0].evidence


def test_a_word_that_gives_a_class_away_is_found(suspects, table):
    signed = where(pl.col("package") == "scipy", pl.col("text") + " (c) scipydevs")
    (found,) = suspects(table.with_columns(signed))

    assert (found.fault, found.severity) == ("leak", "leak")
    assert "scipydevs" in found.evidence


def test_an_author_with_one_class_is_found(suspects, table):
    authors = pl.col("package") + (pl.col("_row") % 5).cast(pl.String)
    found = suspects(table.with_columns(file=authors), by="hash", column=None)

    assert named(found) == {("groups", "warn")}
    assert found[0].fix == "data.split: {by: group, column: file}"


def test_an_author_with_all_classes_is_none(suspects, table):
    authors = pl.col("_row").shuffle(seed=0).mod(20).cast(pl.String)

    assert suspects(table.with_columns(file=authors), by="hash", column=None) == []


def test_another_language_in_a_part_is_found(suspects, table):
    words = {"the": "das", "of": "von", "is": "ist", "and": "und", "to": "zu", "a": "ein"}
    pattern = r"\b({})\b"
    german = pl.col("text")
    for english, other in words.items():
        german = german.str.replace_all(pattern.format(english), other)
    found = suspects(table.with_columns(where(pl.col("_part") == "test", german)))

    assert named(found) == {("parts differ", "warn")}
    assert "test" in found[0].evidence


def test_broken_empty_and_endless_texts_are_found(suspects, table):
    row = pl.col("_row")
    text = pl.col("text")
    changed = table.with_columns(where(row == 5, text + " caf\u00c3\u00a9"))
    changed = changed.with_columns(where(row == 6, pl.lit("?!")))
    changed = changed.with_columns(where(row == 7, pl.lit("word " * 5000)))
    found = {(one.fault, one.severity): one for one in suspects(changed)}

    assert set(found) == {("encoding", "warn"), ("text length", "warn"), ("text length", "ask")}
    assert "caf\u00c3\u00a9" in found["encoding", "warn"].evidence


def test_whole_texts_of_other_scripts_are_not_broken(suspects, table):
    text = " \u00fcber caf\u00e9 \u043f\u0440\u0438\u0432 \u4f60\u597d na\u00efve \u201cx\u201d"
    changed = table.with_columns(where(pl.col("_row") == 5, pl.col("text") + text))

    assert suspects(changed) == []


# The network -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def trained(whole):
    """A small network that has learnt a little, as a Predictor."""
    rows, classes = whole.part("train")[:300], whole.manifest()["classes"]
    preprocessor = Preprocessor(native=True, max_tokens=48).fit(rows)
    y = rows["package"].replace_strict(classes, range(len(classes))).to_numpy()
    options = {"epochs": 4, "sizes": SIZES, "lr": 0.01}
    network = build_estimator("network", "classification", options, None, 0)
    network.fit(preprocessor.transform(rows), y)
    return Predictor(("text",), tuple(classes), preprocessor, network)


def test_padding_and_the_other_texts_do_not_matter(trained, whole):
    rows = whole.part("valid")[:20].with_columns(pl.col("text").str.slice(0, 60))
    X = trained.matrix(rows)
    longer = np.pad(X, ((0, 0), (0, 30)))
    module = trained.estimator.module()

    alone = np.vstack([trained.estimator.predict_proba(one[None]) for one in X])

    np.testing.assert_allclose(alone, trained.estimator.predict_proba(X), atol=1e-6)
    with torch.no_grad():
        both = [module(torch.from_numpy(one)) for one in (X, longer)]
    np.testing.assert_allclose(both[0], both[1], atol=1e-6)


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")
def test_the_onnx_of_a_network_predicts_the_same(trained, whole):
    X = trained.matrix(whole.part("valid"))
    session = InferenceSession(trained.estimator.to_onnx(X[:2]))

    for n_rows in (1, 7, len(X)):
        (found,) = session.run(None, {"X": X[:n_rows]})
        assert np.abs(found - trained.estimator.predict_proba(X[:n_rows])).max() < 1e-5


def test_attributions_sum_to_the_difference_and_depend_on_the_weights(trained, whole):
    rows = whole.part("valid")[:10]
    ids, network = torch.from_numpy(trained.matrix(rows)), trained.estimator.module()[0]
    found = integrated_gradients(network, ids, n_steps=100).sum(dim=1)
    with torch.no_grad():
        outputs, empty = network(ids), network.embeddings(torch.zeros_like(ids))
        expected = (outputs - network.encoded(empty, ids != 0)).gather(
            1, outputs.argmax(1)[:, None]
        )

    np.testing.assert_allclose(found, expected[:, 0], rtol=0.05, atol=0.02)
    assert attributions(trained, rows)["likeness"] < 0.5


def test_the_report_shows_texts_and_words(shared):
    config, model, rows = load_project(shared.root), shared.model(), shared.part("valid")[:5]
    context = SimpleNamespace(config=config, model=model, train=shared.part("train"))
    found = detail(context, rows, model.predict(rows), rows)["shown"]
    page = max(shared.root.glob("logs/*/report.html")).read_text()

    assert list(found["examples"]) == rows["_row"].to_list()
    assert "Words that decide" in page
    assert 'class="example"' in page
    assert "shown" not in shared.json("reports/evaluation.json")


def test_local_weights_are_taken_by_name_and_shape(tmp_path, capsys):
    torch.manual_seed(0)
    names = {"n_words": 50, "dropout": 0.0, **SIZES}
    before, after = Transformer(5, **names), Transformer(3, **names)
    state = {f"bert.{name}": value.clone() for name, value in before.state_dict().items()}
    save_file(state, tmp_path / "model.safetensors")
    ids = torch.randint(1, 50, (4, 12))

    left = load_weights(after, str(tmp_path / "model.safetensors"))

    assert left == ["head.weight", "head.bias"]
    encoded = [one.eval().embeddings(ids) for one in (before, after)]
    np.testing.assert_array_equal(*[one.detach() for one in encoded])
    save_file({"other": torch.zeros(2)}, tmp_path / "model.safetensors")
    with pytest.raises(ValueError, match="no layer has the name"):
        load_weights(after, str(tmp_path / "model.safetensors"))
    with pytest.raises(ValueError, match="no such"):
        load_weights(after, str(tmp_path / "absent"))


def test_weights_with_the_names_of_bert_give_what_its_formulas_give(tmp_path):
    """Two layers of the formulas of Vaswani and others (2017), written with the names of a file."""
    generator, width, sizes = torch.Generator().manual_seed(0), 16, {"n_words": 50, "dropout": 0.0}
    network = Transformer(3, width=width, n_layers=2, n_heads=2, **sizes).eval()
    state = {f"bert.{n}": w for n, w in network.state_dict().items() if n.startswith("embeddings")}
    shapes: dict[str, tuple[int, ...]] = {"attention.output.dense": (16, 16)}
    shapes |= {"intermediate.dense": (64, 16)}
    shapes |= {"output.dense": (16, 64), "attention.output.LayerNorm": (16,)}
    shapes |= {f"attention.self.{one}": (16, 16) for one in ("query", "key", "value")}
    for place in range(2):
        for name, shape in (shapes | {"output.LayerNorm": (16,)}).items():
            for part, size in (("weight", shape), ("bias", shape[:1])):
                key = f"bert.encoder.layer.{place}.{name}.{part}"
                state[key] = torch.randn(size, generator=generator) * 0.3
    save_file({name: one.clone() for name, one in state.items()}, tmp_path / "bert.safetensors")
    ids = torch.randint(1, 50, (3, 7), generator=generator)

    left = load_weights(network, str(tmp_path / "bert.safetensors"))
    x = network.embeddings(ids)
    for place in range(2):
        x = bert_layer(x, state, f"bert.encoder.layer.{place}.")

    assert left == ["head.weight", "head.bias"]
    np.testing.assert_allclose(
        network(ids).detach(), network.head(x.mean(dim=1)).detach(), atol=1e-5
    )


def bert_layer(x, state, prefix):
    def linear(name, x):
        return functional.linear(x, *[state[f"{prefix}{name}.{one}"] for one in ("weight", "bias")])

    def norm(name, x):
        weights = [state[f"{prefix}{name}.{one}"] for one in ("weight", "bias")]
        return functional.layer_norm(x, x.shape[-1:], *weights, 1e-12)

    q, k, v = (linear(f"attention.self.{one}", x) for one in ("query", "key", "value"))
    heads = [one.reshape(*x.shape[:2], 2, -1).transpose(1, 2) for one in (q, k, v)]
    share = (heads[0] @ heads[1].transpose(2, 3) / heads[0].shape[-1] ** 0.5).softmax(dim=-1)
    seen = (share @ heads[2]).transpose(1, 2).reshape(x.shape)
    x = norm("attention.output.LayerNorm", linear("attention.output.dense", seen) + x)
    inner = functional.gelu(linear("intermediate.dense", x))
    return norm("output.LayerNorm", linear("output.dense", inner) + x)


def test_a_network_begins_with_local_weights_and_their_vocabulary(project, tmp_path):
    """By conf alone; weights that know the answer make the first epoch better than random ones."""
    train = project.part("train")
    tokens = learn_vocabulary(train["text"].to_list())
    (project.root / "vocab.txt").write_text("\n".join(tokens) + "\n", encoding="utf-8")
    first = project.run("train", *options())
    assert first.returncode == 0, first.stderr
    weights = project.model().estimator.weights_
    tensors = {name: torch.from_numpy(value) for name, value in weights.items()}
    save_file(tensors, project.root / "model.safetensors")

    words = ["models.network.weights=model.safetensors", "data.vocabulary=vocab.txt"]
    second = project.run("train", *options(), *words)

    assert second.returncode == 0, second.stderr
    assert f"{len(weights)} of {len(weights)} weights are from" in second.stdout
    assert project.model().preprocessor.tokens_ == tokens
    losses = [run.estimator.history_[0]["train"] for run in models(project)]
    assert losses[1] < losses[0]


def options():
    sizes = [f"models.network.sizes.{name}={value}" for name, value in SIZES.items()]
    return ["model=network", "models.network.epochs=2", "data.max_tokens=32", *sizes]


def models(project):
    from own_package.model import store

    folders = sorted(project.root.glob("logs/*/model.skops"))
    return [store.load(path.parent)[0] for path in folders[-2:]]


def test_sizes_that_do_not_fit_are_named(trained, whole):
    X = trained.matrix(whole.part("train")[:50])
    network = Network(task="classification", sizes={**SIZES, "n_words": 10})

    with pytest.raises(ValueError, match="n_words is 10"):
        network.fit(X, np.arange(50) % 2)


# Requests --------------------------------------------------------------------------------------


def test_a_text_that_is_too_long_is_refused_by_row_and_rule(shared, project):
    rows = shared.received("valid")[:3].with_columns(text=pl.lit("x" * 100_001))
    done = project.run("predict", str(project.write(rows)), "predictions.csv")

    assert done.returncode == 2
    assert "row 1: text must have at most 100,000 characters, got xxx" in done.stderr
    assert len(done.stderr) < 3000


def test_a_column_that_is_missing_is_named(project):
    done = project.run("prepare", "data.text=txt")

    assert done.returncode == 2
    assert done.stderr.startswith("conf/default.yaml: data.text: no column 'txt'")
    assert json.loads((project.root / "data/manifest.json").read_text())["features"] == ["text"]
