"""PyTorch's side of bench/train.ts: the same model, batch and fused AdamW. Protocol as step-worker.ts.

torch 2.13, transformers 5.18.
"""
import json
import resource
import sys
import time

import torch
from transformers import Qwen2Config, Qwen2ForCausalLM

options = json.loads(sys.argv[1])
batch, sequence = options.get("batch", 4), options.get("sequence", 512)
torch.manual_seed(11)
start = time.perf_counter()
config = Qwen2Config(
    vocab_size=4096, hidden_size=256, num_hidden_layers=6, num_attention_heads=8, num_key_value_heads=2,
    intermediate_size=1024, tie_word_embeddings=True, rope_theta=1e6, rms_norm_eps=1e-6, max_position_embeddings=4096,
)
model = Qwen2ForCausalLM(config)
model.train()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, fused=True)
ids = torch.randint(0, 4096, (batch, sequence))
targets = ids.flatten().roll(-1)
parameters = sum(p.numel() for p in model.parameters())
print(json.dumps({"tokens": batch * sequence, "parameters": parameters, "trainable": parameters,
                  "startMs": (time.perf_counter() - start) * 1e3, "flops": 0, "torch": torch.__version__}), flush=True)
for line in sys.stdin:
    ms, loss = [], None
    for _ in range(int(line.split()[1])):
        start = time.perf_counter()
        logits = model(input_ids=ids, use_cache=False).logits
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        ms.append((time.perf_counter() - start) * 1e3)
    print(json.dumps({"ms": ms, "loss": loss.item(), "peakRssMB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}), flush=True)
