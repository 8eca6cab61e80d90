"""Faults of networks and other kinds of data, and the test that plants each and sees it caught."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent
TORCH, IN_TORCH = "test_torch.py", "in_project/check_torch.py"
IN_SERIES = "in_project/check_series.py"
IMAGE, IN_IMAGE = "test_image.py", "in_project/check_image.py"
CAUGHT = [
    ("softmax before cross-entropy", TORCH, "softmax-before-cross-entropy"),
    ("BatchNorm left in train mode", TORCH, "batchnorm-left-in-train-mode"),
    ("augmentation on valid", IMAGE, "augmentation on valid"),
    ("normalisation from all parts", IMAGE, "mean of all parts"),
    ("shuffled labels", TORCH, "shuffled-labels"),
    ("same patient in two parts", IN_IMAGE, "test_an_own_csv_with_patients_is_split_by_them"),
    ("future covariate", IN_SERIES, "test_a_covariate_that_knows_the_target_or_its_future"),
    ("target scaled twice", TORCH, "target-scaled-twice"),
    ("frozen layer by mistake", TORCH, "frozen-layer"),
    ("exploding step", IN_TORCH, "test_a_loss_that_explodes_stops_and_names_its_epoch"),
    ("wrong colour order in serving", IMAGE, "blue before red in requests alone"),
    ("tokenizer other than in training", "test_text.py", "tokenizer-other-than-in-training"),
    ("numpy scalar in a checkpoint", TORCH, "numpy-number-in-a-checkpoint"),
    ("local loss driving early stopping", TORCH, "local-loss-drives-early-stopping"),
    ("other thread count on resume", IN_TORCH, "test_a_checkpoint_of_other_threads_or_processes"),
    ("first loss far from log(classes)", TORCH, "too-large-first-weights"),
]


@pytest.mark.parametrize(("fault", "file", "planted"), CAUGHT)
def test_a_fault_of_the_list_is_planted_by_a_test(fault, file, planted):
    assert planted in (HERE / file).read_text(encoding="utf-8"), fault
