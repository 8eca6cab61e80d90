"""The machinery of component torch, in a project and in its environment."""

# mypy: disable-error-code="import-not-found,import-untyped,no-untyped-call"
from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from my_model.configs.load import load_project
from my_model.model import processes
from my_model.model.losses import LOSSES, build_loss
from my_model.model.network import Network
from my_model.model.options import Examples, Options, uniforms
from my_model.model.schedules import share_of_rate
from my_model.model.training import CHECKPOINT
from my_model.utils.errors import CheckFailed
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import nn

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(90, 6)).astype(np.float32)
Y = (X[:, 0] + X[:, 1] ** 2 > 0.5).astype(np.int64)
VALID = (X[60:], Y[60:])


def plain(X, n_outputs, width=16):
    """Nothing that differs between one process and two."""
    return nn.Sequential(nn.Linear(X.shape[1], width), nn.Tanh(), nn.Linear(width, n_outputs))


@pytest.fixture(autouse=True)
def networks(monkeypatch):
    monkeypatch.setitem(processes.NETWORKS, "plain", plain)


def network(**options):
    return Network(**{"sizes": {"dropout": 0.0}, "epochs": 4, "batch_size": 16, **options})


def test_uniforms_are_the_same_again_and_differ_between_epochs_and_examples():
    first, again, other = (uniforms(seed, 20_000, 2) for seed in (3, 3, 4))
    uniforms.cache_clear()

    assert torch.equal(first, again)
    assert torch.equal(first, uniforms(3, 20_000, 2))
    for one in (other[:, 0], first[:, 1], first.roll(1, 0)[:, 0]):
        assert abs(np.corrcoef(first[:, 0], one)[0, 1]) < 0.03


def test_each_example_is_augmented_the_same_by_one_process_and_by_two(monkeypatch):
    train = Examples(torch.arange(40.0)[:, None], torch.zeros(40), torch.ones(40))
    job = processes.Job(train, train, Options(epochs=1, batch_size=8), "plain", {}, 1, "huber", {})
    monkeypatch.setattr(processes.TrainingLoop, "_reduced", lambda loop, values: values)
    seen = []
    for rank, n_ranks in ((0, 1), (0, 2), (1, 2)):
        loop = job.loop()
        loop.rank, loop.n_ranks = rank, n_ranks
        found: dict[float, list[float]] = {}

        def noted(X, draws, found=found):
            found |= dict(zip(X[:, 0].tolist(), draws(3).tolist(), strict=True))
            return X

        loop.augment = noted
        loop._run_epoch()
        seen.append(found)

    assert len(seen[0]) == 40
    assert seen[1] | seen[2] == seen[0]
    assert not seen[1].keys() & seen[2].keys()


def test_two_processes_with_one_batch_end_as_one_process_does():
    options = {"sizes": {"dropout": 0.0}, "epochs": 3, "checkpoint_steps": 2, "accumulate": 2}
    one = network(**options).fit(X[:60], Y[:60], valid=VALID)
    two = network(**options, processes=2).fit(X[:60], Y[:60], valid=VALID)

    assert max(np.abs(two.weights_[n] - v).max() for n, v in one.weights_.items()) < 1e-5
    for key in ("train", "valid", "lr"):
        values = ([entry[key] for entry in found.history_] for found in (two, one))
        np.testing.assert_allclose(*values, atol=1e-6)


@pytest.mark.slow
def test_two_processes_go_on_from_their_checkpoint_with_the_random_states_of_both(tmp_path):
    options = {"sizes": {"dropout": 0.3}, "schedule": "constant", "warmup": 0.0, "processes": 2}
    network(**options, epochs=1).fit(X[:60], Y[:60], valid=VALID, folder=tmp_path)
    resumed = network(**options, epochs=3).fit(X[:60], Y[:60], valid=VALID, folder=tmp_path)
    unbroken = network(**options, epochs=3).fit(X[:60], Y[:60], valid=VALID)

    assert resumed.history_ == unbroken.history_
    for name, value in unbroken.weights_.items():
        np.testing.assert_array_equal(resumed.weights_[name], value, name)


def test_a_checkpoint_of_other_threads_or_processes_is_refused(tmp_path):
    network(epochs=1).fit(X, Y, folder=tmp_path)

    with pytest.raises(ValueError, match="made with 1 threads, now 2"):
        network(epochs=1, threads=2).fit(X, Y, folder=tmp_path)
    state = torch.load(tmp_path / CHECKPOINT, weights_only=True)
    state["made_with"]["processes"] = 2
    torch.save(state, tmp_path / CHECKPOINT)
    with pytest.raises(ValueError, match="made with 2 processes, now 1"):
        network(epochs=1).fit(X, Y, folder=tmp_path)


def test_a_loss_that_explodes_stops_and_names_its_epoch(tmp_path):
    with pytest.raises(CheckFailed, match=r"epoch 1: the loss became .* lower models.network.lr"):
        network(lr=1e4, clip=None).fit(X, Y, valid=VALID)


def test_a_numpy_number_in_a_checkpoint_is_found_after_the_first_epoch(tmp_path, monkeypatch):
    monkeypatch.setitem(processes.TrainingLoop.run.__globals__, "share_of_rate", numpy_rate)

    with pytest.raises(CheckFailed, match=r"epoch 1: checkpoint.pt .* cannot be read back"):
        network().fit(X, Y, valid=VALID, folder=tmp_path)


def numpy_rate(*_):
    return np.float64(0.5)


def test_a_search_of_a_network_is_short_writes_no_checkpoint_and_what_it_found_is_trained(project):
    conf = project.root / "conf/default.yaml"
    text = conf.read_text("utf-8").replace("model: logistic", "model: network")
    conf.write_text(text.replace("    lr: 0.001", "    lr: 0.0003"), encoding="utf-8")
    project.run("prepare")
    done = project.run("tune", "n_trials=3", "n_folds=2", "trials.network.epochs=2")

    assert done.returncode == 0, done.stderr
    assert "each with {'epochs': 2}" in done.stdout
    assert not list(project.root.rglob(CHECKPOINT))
    best = project.json("reports/study.json")["best"]["parameters"]
    assert set(best) == {"lr", "weight_decay", "sizes.width", "sizes.dropout"}
    found = load_project(project.root).models["network"]
    assert found["lr"] == best["lr"] > 3e-4
    assert found["sizes"] == {"width": best["sizes.width"], "dropout": best["sizes.dropout"]}
    assert found["epochs"] == 20


def test_tensorboard_files_hold_each_epoch(tmp_path):
    found = network(epochs=3, tensorboard=True).fit(X, Y, valid=VALID, folder=tmp_path)
    events = EventAccumulator(str(tmp_path / "tensorboard")).Reload()

    for name in ("train", "valid", "lr"):
        expected = [(entry["epoch"], entry[name]) for entry in found.history_]
        written = [(one.step, one.value) for one in events.Scalars(name)]
        assert written == [(step, pytest.approx(value)) for step, value in expected]


def test_patience_ends_a_training_and_the_best_epoch_is_kept():
    noise = RANDOM.integers(0, 2, len(VALID[1]))
    found = network(epochs=60, patience=3, lr=0.05).fit(X[:60], Y[:60], valid=(VALID[0], noise))
    valid = [entry["valid"] for entry in found.history_]

    assert len(valid) < 60
    assert int(np.argmin(valid)) == len(valid) - 4
    job = found.job(X[:60], Y[:60], valid=(VALID[0], noise))
    outputs = found.module()[0](job.valid.X).detach()
    value = float(build_loss("cross_entropy", {})(outputs, job.valid.y).mean())
    assert value == pytest.approx(min(valid), rel=1e-5)


def test_parts_of_a_batch_add_up_to_the_whole_batch():
    whole, parts = (network(accumulate=n).fit(X, Y).weights_ for n in (1, 3))

    assert max(np.abs(parts[n] - v).max() for n, v in whole.items()) < 1e-5


def test_a_weight_counts_as_that_many_equal_examples():
    weight = np.where(np.arange(90) < 30, 3.0, 1.0)
    repeated = np.repeat(np.arange(90), weight.astype(int))
    first, second = (
        network(epochs=1, batch_size=1000).fit(*given).history_[0]["train"]
        for given in ((X, Y, weight), (X[repeated], Y[repeated]))
    )

    assert first == pytest.approx(second, rel=1e-5)


def test_schedules_rise_in_the_warm_up_and_then_do_as_they_are_called():
    rates = {
        name: [share_of_rate(name, step, 100, 0.1) for step in range(100)]
        for name in ("cosine", "constant", "plateau")
    }

    assert all(values[0] == 0.1 and values[9] == 1.0 for values in rates.values())
    assert rates["constant"][10:] == rates["plateau"][10:] == [1.0] * 90
    cosine = [(1 + math.cos(math.pi * n / 90)) / 2 for n in range(90)]
    assert rates["cosine"][10:] == pytest.approx(cosine)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"schedule": "cosin"}, "unknown name 'cosin'; did you mean 'cosine'"),
        ({"precision": "f16"}, "unknown name 'f16'"),
        ({"epochs": 0}, "epochs must be above 0, got 0"),
    ],
)
def test_an_option_that_cannot_be_is_refused_by_name(options, words):
    with pytest.raises(ValueError, match=words):
        Options(**options)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"sizes": {"widht": 3}}, "models.network.sizes: .*widht"),
        ({"loss": "focal", "loss_options": {"gama": 3}}, "models.network.loss_options: .*gama"),
        ({"network": "mpl"}, "did you mean 'mlp'"),
        ({"loss": "huber"}, "models.network.loss: unknown name 'huber'"),
    ],
)
def test_a_wrong_name_below_the_network_is_refused(options, words):
    with pytest.raises(ValueError, match=words):
        network(**options).fit(X, Y)


OUTPUTS = torch.tensor(RANDOM.normal(size=(12, 4)), dtype=torch.float32)
CODES = torch.tensor(RANDOM.integers(0, 4, 12))
NUMBERS = torch.tensor(RANDOM.normal(size=12), dtype=torch.float32)
SHARES = np.exp(OUTPUTS.numpy()) / np.exp(OUTPUTS.numpy()).sum(axis=1, keepdims=True)
HIT = SHARES[np.arange(12), CODES.numpy()]
OFF = OUTPUTS.numpy()[:, 0] - NUMBERS.numpy()


def contrasted():
    unit = OUTPUTS.numpy() / np.linalg.norm(OUTPUTS.numpy(), axis=1, keepdims=True)
    found, codes = [], CODES.numpy()
    for i in range(12):
        others = [j for j in range(12) if j != i]
        total = sum(np.exp(unit[i] @ unit[j] / 0.1) for j in others)
        same = [j for j in others if codes[j] == codes[i]]
        terms = [np.log(np.exp(unit[i] @ unit[j] / 0.1) / total) for j in same]
        found.append(-np.mean(terms) if same else 0.0)
    return -np.log(HIT) + np.array(found)


FORMULAS = {
    "cross_entropy": ({}, -np.log(HIT)),
    "cross_entropy smoothed": (
        {"smoothing": 0.2},
        -0.8 * np.log(HIT) - 0.2 * np.log(SHARES).mean(axis=1),
    ),
    "focal": ({"gamma": 3.0}, -((1 - HIT) ** 3) * np.log(HIT)),
    "dice": ({}, 1 - 2 * HIT / ((SHARES**2).sum(axis=1) + 1)),
    "contrastive": ({}, contrasted()),
    "squared": ({}, OFF**2),
    "huber": (
        {"delta": 0.7},
        np.where(np.abs(OFF) < 0.7, OFF**2 / 2, 0.7 * (np.abs(OFF) - 0.35)),
    ),
    "quantile": ({"level": 0.9}, np.where(OFF < 0, -0.9 * OFF, 0.1 * OFF)),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_a_loss_is_what_its_formula_gives(name):
    options, expected = FORMULAS[name]
    task, _ = LOSSES[name.split()[0]]
    y = CODES if task == "classification" else NUMBERS
    found = build_loss(name.split()[0], options)(OUTPUTS, y)

    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-4, atol=1e-5)


def test_every_loss_has_a_formula():
    assert {name.split()[0] for name in FORMULAS} == set(LOSSES)
