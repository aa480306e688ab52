"""Golden gradients and optimizer steps for packages/onnx-autodiff.

Run: python tools/golden/onnx-autodiff.py   (torch 2.13, transformers 5.18; checked below)
Writes packages/onnx-autodiff/test/golden/{decoder,vit,optimizers}.json. Weights are not stored: both sides compute
0.3 sin(0.37 (i + 1) (s mod 97 + 1)) with s the sum of the name's character codes, plus 1 for norm weights.
"""
import json
import math
from pathlib import Path

import torch
import transformers
from transformers import Qwen2Config, Qwen2ForCausalLM, SiglipVisionConfig, SiglipVisionModel

assert torch.__version__.startswith("2.13"), torch.__version__
assert transformers.__version__.startswith("5.18"), transformers.__version__
OUT = Path(__file__).resolve().parents[2] / "packages/onnx-autodiff/test/golden"
OUT.mkdir(parents=True, exist_ok=True)
torch.set_default_dtype(torch.float64)


def weights(name: str, count: int) -> list[float]:
    s = sum(map(ord, name)) % 97 + 1
    one = 1.0 if "norm" in name and name.endswith("weight") else 0.0
    return [one + 0.3 * math.sin(0.37 * (i + 1) * s) for i in range(count)]


def fill(model, rename):
    names = {}
    with torch.no_grad():
        for name, p in model.named_parameters():
            short = rename(name)
            p.copy_(torch.tensor(weights(short, p.numel())).reshape(p.shape))
            names[short] = p
    return names


def digits(xs):
    return [float(f"{x:.10g}") for x in xs]


def dump(file, data):
    (OUT / file).write_text(json.dumps(data, separators=(",", ":")) + "\n")


def decoder():
    config = Qwen2Config(
        vocab_size=23, hidden_size=16, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
        intermediate_size=20, tie_word_embeddings=True, rms_norm_eps=1e-6, max_position_embeddings=64,
        rope_parameters={"rope_type": "default", "rope_theta": 10000.0}, attn_implementation="sdpa",
    )
    model = Qwen2ForCausalLM(config).to(torch.float64)
    names = fill(model, lambda n: n)
    ids = torch.tensor([[(3 * i + 7 * b) % 23 for i in range(7)] for b in range(2)])
    logits = model(input_ids=ids, use_cache=False).logits
    loss = torch.nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten())
    loss.backward()
    dump("decoder.json", {"ids": ids.flatten().tolist(), "loss": loss.item(),
                          "gradients": {n: digits(p.grad.flatten().tolist()) for n, p in names.items()}})


def vit():
    config = SiglipVisionConfig(hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2,
                                image_size=8, patch_size=4, vision_use_head=False, attn_implementation="sdpa")
    model = SiglipVisionModel(config).to(torch.float64)
    names = fill(model, lambda n: n.removeprefix("vision_model."))
    pixels = torch.tensor([math.cos(0.9 * i) for i in range(2 * 3 * 8 * 8)]).reshape(2, 3, 8, 8)
    y = model(pixel_values=pixels).last_hidden_state
    loss = sum(v * math.sin(1.7 * i + 0.3) for i, v in enumerate(y.flatten()))
    loss.backward()
    # [B, C, 2, p, 2, p] -> patches [B, 4, C p p], the order of the convolution's weights
    patches = pixels.reshape(2, 3, 2, 4, 2, 4).permute(0, 2, 4, 1, 3, 5).reshape(2, 4, 48)
    dump("vit.json", {"patches": digits(patches.flatten().tolist()), "loss": loss.item(),
                      "gradients": {n: digits(p.grad.flatten().tolist()) for n, p in names.items()}})


def optimizers():
    runs = {
        "adamw": (lambda ps: torch.optim.AdamW(ps, lr=0.01, betas=(0.8, 0.95), eps=1e-6, weight_decay=0.1), None),
        "adamwClipped": (lambda ps: torch.optim.AdamW(ps, lr=0.01, weight_decay=0.0), 0.5),
        "sgdMomentum": (lambda ps: torch.optim.SGD(ps, lr=0.05, momentum=0.9), None),
    }
    out = {}
    for name, (make, clip) in runs.items():
        ps = [torch.nn.Parameter(torch.tensor(weights(n, 6))) for n in ("a", "b")]
        optimizer = make(ps)
        norms = []
        for step in range(5):
            for k, p in enumerate(ps):
                p.grad = torch.tensor([math.sin(1.1 * i + k + step) for i in range(6)])
            norms.append(torch.nn.utils.clip_grad_norm_(ps, clip if clip else 1e30).item())
            optimizer.step()
        out[name] = {"norms": norms, "a": ps[0].tolist(), "b": ps[1].tolist()}
    model = torch.nn.Linear(1, 1)
    for name, make in {
        "cosine": lambda o: transformers.get_cosine_schedule_with_warmup(o, 3, 10),
        "linear": lambda o: transformers.get_linear_schedule_with_warmup(o, 3, 10),
        "constant": lambda o: transformers.get_constant_schedule_with_warmup(o, 3),
    }.items():
        schedule = make(torch.optim.SGD(model.parameters(), lr=1.0))
        out[name] = [schedule.lr_lambdas[0](step) for step in range(12)]
    dump("optimizers.json", out)


decoder()
vit()
optimizers()
