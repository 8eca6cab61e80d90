"""Measure the training loop against a bare loop of the same network and batches.

    python bench/bench_loop.py PROJECT

PROJECT: a rendered project with component torch, installed. Prints the median of seven ratios of
examples per second of CPU time (on a GPU: of time, synchronised), loop to bare loop, in
interleaved pairs; beside Lightning where that is installed. It must be at least 0.95.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

N_PAIRS, MINIMUM = 7, 0.95
# Runs in the project's environment.
CODE = """
import json, logging, sys, time, warnings
import numpy as np, torch
from sklearn.datasets import load_digits
from torch import nn
from torch.nn import functional

package = __import__("importlib").import_module
training = package(f"{sys.argv[1]}.model.training")
losses = package(f"{sys.argv[1]}.model.losses")
torch.set_num_threads(1)
gpu = torch.cuda.is_available()
device = torch.device("cuda" if gpu else "cpu")
images, labels = load_digits(return_X_y=True)
X = torch.tensor(images[:1408], dtype=torch.float32).reshape(-1, 1, 8, 8) / 16
y = torch.tensor(labels[:1408])
N_EPOCHS, BATCH = 2, 64

def network():
    torch.manual_seed(0)
    def block(n, m):
        return [nn.Conv2d(n, m, 3, padding=1), nn.BatchNorm2d(m), nn.ReLU()]
    layers = [*block(1, 32), *block(32, 64), nn.MaxPool2d(2), *block(64, 64)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Dropout(0.2), nn.Linear(64 * 16, 10))

def clock():
    if gpu:
        torch.cuda.synchronize()
        return time.perf_counter()
    return time.process_time()

def ours():
    options = training.Options(epochs=N_EPOCHS, batch_size=BATCH, patience=None)
    weight = torch.ones(len(y))
    part = training.Examples(X, y, weight)
    few = training.Examples(X[:1], y[:1], weight[:1])
    loss = losses.build_loss("cross_entropy", {})
    loop = training.TrainingLoop(network(), loss, part, few, options)
    started = clock()
    loop.run()
    return clock() - started

def bare():
    torch.manual_seed(0)
    model = network().to(device).train()
    optimizer = torch.optim.AdamW(model.parameters(), 1e-3)
    n_steps = N_EPOCHS * len(y) // BATCH
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-3, total_steps=n_steps)
    started = clock()
    for epoch in range(N_EPOCHS):
        for batch in torch.randperm(len(y)).split(BATCH):
            optimizer.zero_grad()
            with torch.autocast(device.type, torch.bfloat16, enabled=gpu):
                outputs = model(X[batch].to(device))
            functional.cross_entropy(outputs.float(), y[batch].to(device)).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
    return clock() - started

def lightning():
    import lightning as L
    class Module(L.LightningModule):
        def __init__(self):
            super().__init__()
            self.model = network()
        def training_step(self, batch, _):
            return functional.cross_entropy(self.model(batch[0]), batch[1])
        def configure_optimizers(self):
            return torch.optim.AdamW(self.parameters(), 1e-3)
    rows = torch.utils.data.TensorDataset(X, y)
    loader = torch.utils.data.DataLoader(rows, BATCH, shuffle=True)
    quiet = {name: False for name in ("logger", "enable_checkpointing", "enable_progress_bar")}
    trainer = L.Trainer(max_epochs=N_EPOCHS, gradient_clip_val=1.0, enable_model_summary=False,
        precision="bf16-mixed" if gpu else "32-true", **quiet)
    module = Module()
    started = clock()
    trainer.fit(module, loader)
    return clock() - started

warnings.simplefilter("ignore")
logging.disable(logging.WARNING)
loops = {"loop": ours, "bare": bare}
try:
    import lightning as _
    loops["lightning"] = lightning
except ImportError:
    pass
for run in loops.values():
    run()
found = {name: [] for name in loops}
for _ in range(int(sys.argv[2])):
    for name, run in loops.items():
        found[name].append(N_EPOCHS * len(y) / run())
print(json.dumps({"device": str(device), **found}))
"""


def main(project: Path) -> int:
    """The exit code: 1 where the loop is slower than allowed."""
    (package,) = (path.parent.name for path in project.glob("src/*/__init__.py"))
    python = os.environ.get("PYTHON", str(project / ".venv" / "bin" / "python"))
    command = [python, "-c", CODE, package, str(N_PAIRS)]
    env = {**os.environ, "PYTHONPATH": "src", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=project, env=env, text=True, stdout=subprocess.PIPE)
    if done.returncode:
        return done.returncode
    found = json.loads(done.stdout.splitlines()[-1])
    device, ratio = found.pop("device"), 0.0
    for name, rates in found.items():
        ratios = [rate / bare for rate, bare in zip(rates, found["bare"], strict=True)]
        shown = f"{min(ratios):.2f} to {max(ratios):.2f}"
        print(
            f"{name:<10}{statistics.median(rates):>10,.0f} examples/s on {device}, "
            f"{statistics.median(ratios):.3f} of the bare loop ({shown})"
        )
        ratio = statistics.median(ratios) if name == "loop" else ratio
    return int(ratio < MINIMUM)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
