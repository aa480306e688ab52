"""Golden gradients and optimizer steps for packages/onnx-autodiff.

Run: python tools/golden/onnx-autodiff.py   (torch 2.13, transformers 5.18, onnx 1.23, onnxscript 0.7; checked below)
Writes packages/onnx-autodiff/test/golden/{decoder,vit,optimizers,exported}.json. Weights are not stored: both sides compute
0.3 sin(0.37 (i + 1) (s mod 97 + 1)) with s the sum of the name's character codes, plus 1 for norm weights.
"""
import base64
import io
import json
import math
from pathlib import Path

import onnx
import torch
import transformers
from transformers import Qwen2Config, Qwen2ForCausalLM, SiglipVisionConfig, SiglipVisionModel

assert torch.__version__.startswith("2.13"), torch.__version__
assert onnx.__version__.startswith("1.23"), onnx.__version__
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


class Exported(torch.nn.Module):
    """A small causal transformer as people write it, for torch.onnx.export."""

    def __init__(self):
        super().__init__()
        self.embed = torch.nn.Embedding(11, 8)
        self.position = torch.nn.Parameter(torch.zeros(5, 8))
        self.norm1, self.norm2 = torch.nn.LayerNorm(8), torch.nn.LayerNorm(8)
        self.qkv, self.out = torch.nn.Linear(8, 24), torch.nn.Linear(8, 8)
        self.up, self.down = torch.nn.Linear(8, 16), torch.nn.Linear(16, 8)
        self.head = torch.nn.Linear(8, 11, bias=False)

    def forward(self, ids):
        batch, length = ids.shape
        x = self.embed(ids) + self.position[:length]
        q, k, v = self.qkv(self.norm1(x)).view(batch, length, 3, 2, 4).permute(2, 0, 3, 1, 4)
        y = torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(y.transpose(1, 2).reshape(batch, length, 8))
        x = x + self.down(torch.nn.functional.gelu(self.up(self.norm2(x))))
        return self.head(x)


def exported():
    torch.set_default_dtype(torch.float32)
    model = Exported()
    names = fill(model, lambda n: n)
    ids = torch.tensor([[1, 5, 2, 7, 0], [3, 3, 9, 10, 4]])
    files = {}
    for key, dynamo in (("dynamo", True), ("torchscript", False)):
        buffer = io.BytesIO()
        if dynamo:
            batch = torch.export.Dim("batch", min=1, max=64)
            program = torch.onnx.export(model, (ids,), dynamo=True, dynamic_shapes=({0: batch},), input_names=["ids"],
                                        output_names=["logits"], opset_version=20)
            program.save(buffer)
        else:
            torch.onnx.export(model, (ids,), buffer, dynamo=False, dynamic_axes={"ids": {0: "batch"}}, input_names=["ids"],
                              output_names=["logits"], opset_version=17, do_constant_folding=False)
        proto = onnx.load_from_string(buffer.getvalue())
        for node in proto.graph.node:
            node.doc_string = ""
            del node.metadata_props[:]
        del proto.graph.metadata_props[:], proto.metadata_props[:]
        print(key, sorted({n.op_type for n in proto.graph.node}), len(proto.SerializeToString()))
        files[key] = base64.b64encode(proto.SerializeToString()).decode()
    double = Exported().to(torch.float64)
    double.load_state_dict(model.state_dict())
    loss = torch.nn.functional.cross_entropy(double(ids).flatten(0, 1), ids.roll(-1, 1).flatten())
    loss.backward()
    dump("exported.json", {"files": files, "ids": ids.flatten().tolist(), "loss": loss.item(),
                           "gradients": {n: digits(p.grad.flatten().tolist()) for n, p in double.named_parameters()}})
    assert set(names) == {n for n, _ in double.named_parameters()}


decoder()
vit()
optimizers()
exported()
