"""Weights and pictures by formula for the generators of packages/video-llm, repeated in test/formula-weights.ts: none are stored."""

import numpy as np
import torch


def weight(name, shape):
    """Chaotic but reproducible: uniform in (-1, 1) from the fraction of a large multiple of a sine.

    Tables are scaled so that logits stay of the order of one in models as wide as the published ones.
    """
    seed = sum(ord(c) * (i + 1) for i, c in enumerate(name)) % 997
    i = np.arange(int(np.prod(shape)), dtype=np.float64)
    x = np.sin(i * 12.9898 + seed * 78.233) * 43758.5453
    u = (x - np.floor(x)) * 2 - 1
    is_norm = "norm" in name and name.endswith("weight") or "ln_q.weight" in name
    is_table = "embed_tokens" in name or "lm_head" in name
    scale = 0.2 if is_norm else 0.1 if len(shape) == 1 else min(1.0, 8 / np.sqrt(shape[-1])) if is_table else 0.3 if "embed" in name and len(shape) == 2 else 3.0 / np.sqrt(np.prod(shape[1:]))
    return torch.from_numpy((u * scale + (1 if is_norm else 0)).reshape(shape).astype(np.float32))


def pixels(count, height, width):
    """uint8 [count, height, width, 3]."""
    t, y, x, c = np.meshgrid(np.arange(count), np.arange(height), np.arange(width), np.arange(3), indexing="ij")
    return ((x * 7 + y * 13 + t * 31 + c * 53 + (x * y) % 17) % 256).astype(np.uint8)
