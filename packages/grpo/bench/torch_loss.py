"""The torch side of bench/loss.ts: the same shapes, forward and backward in float32. Prints one JSON line.

usage: python packages/grpo/bench/torch_loss.py [threads]
"""

import json
import sys
import time

import torch

torch.set_num_threads(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
torch.manual_seed(1)
ROWS, LENGTH, VOCABULARY = 384, 768, 151_936


def best(work, repetitions):
    smallest = float("inf")
    for _ in range(repetitions):
        start = time.perf_counter()
        work()
        smallest = min(smallest, time.perf_counter() - start)
    return smallest


lp = (-1 + 0.3 * torch.randn(ROWS, LENGTH)).requires_grad_(True)
old = (lp + 0.1 * torch.randn(ROWS, LENGTH)).detach()
ref = (lp + 0.2 * torch.randn(ROWS, LENGTH)).detach()
adv = torch.randn(ROWS, 1)
mask = torch.ones(ROWS, LENGTH)


def loss(beta):
    lp.grad = None
    r = torch.exp(lp - old)
    value = -torch.min(r * adv, torch.clamp(r, 0.8, 1.2) * adv)
    if beta:
        x = ref - lp
        value = value + beta * (torch.exp(x) - x - 1)
    ((value * mask).sum(-1) / mask.sum(-1).clamp(min=1.0)).mean().backward()


def log_softmax(rows):
    logits = 3 * torch.randn(rows, VOCABULARY)
    targets = torch.randint(0, VOCABULARY, (rows, 1))
    with torch.no_grad():
        return rows / best(lambda: torch.gather(logits.log_softmax(-1), 1, targets), 4 if rows > 100 else 20)


print(json.dumps({
    "capability": torch.backends.cpu.get_cpu_capability(),
    "grpo, no KL": best(lambda: loss(0.0), 60) * 1e9 / (ROWS * LENGTH),
    "grpo, KL 0.04": best(lambda: loss(0.04), 60) * 1e9 / (ROWS * LENGTH),
    "log-softmax, 16 rows": log_softmax(16),
    "log-softmax, 256 rows": log_softmax(256),
}))
