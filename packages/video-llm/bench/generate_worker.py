"""Answers one JSON request per line: greedy generation of `tokens` tokens after `ids`, `batch` times at once."""

import json
import sys
import time

import torch
from transformers import AutoModelForImageTextToText

model = AutoModelForImageTextToText.from_pretrained(sys.argv[1], dtype=torch.float32).eval()


def seconds(ids, batch, tokens):
    inputs = torch.tensor([ids] * batch)
    start = time.perf_counter()
    with torch.inference_mode():
        output = model.generate(
            input_ids=inputs, attention_mask=torch.ones_like(inputs), do_sample=False, max_new_tokens=tokens,
            min_new_tokens=tokens, pad_token_id=0,
        )
    assert output.shape[1] == len(ids) + tokens
    return time.perf_counter() - start


for line in sys.stdin:
    request = json.loads(line)
    prefill = seconds(request["ids"], request["batch"], 1)
    whole = seconds(request["ids"], request["batch"], request["tokens"] + 1)
    print(json.dumps({"prefill": prefill, "perToken": (whole - prefill) / request["tokens"]}), flush=True)
