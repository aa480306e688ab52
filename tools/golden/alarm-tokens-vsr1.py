"""Golden values of stage 2 as the authors run it: their model's forward, their collator, and transformers' Trainer, which counts the items.

Writes packages/alarm-tokens/test/golden/at-sft-vsr1.json.
Usage: alarm-tokens-vsr1.py CHECKOUT   (Emiya-syw/VideoSafety-R1 at 7589dea). Needs transformers 4.46.3, accelerate 1.0.1, torch 2.13.0, einops.

Only the vision encoder is replaced, by a table of features: a tiny Qwen2 with random weights in float64 does the rest. One optimizer step over three
micro-batches of one sample each, as their scripts do on one device (LOCAL_BATCH_SIZE 1).
"""

import ast
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Sequence

import accelerate
import torch
import transformers
from transformers import Trainer, TrainerCallback, TrainingArguments

assert transformers.__version__ == "4.46.3", transformers.__version__
assert accelerate.__version__ == "1.0.1", accelerate.__version__
OUT = Path(__file__).parents[2] / "packages/alarm-tokens/test/golden/at-sft-vsr1.json"
CHECKOUT = Path(sys.argv[1])
sys.path.insert(0, str(CHECKOUT))
if not hasattr(transformers, "TRANSFORMERS_CACHE"):
    transformers.TRANSFORMERS_CACHE = ""
from videollama3.model.videollama3_qwen2 import Videollama3Qwen2Config, Videollama3Qwen2ForCausalLM  # noqa: E402


def from_source(path, name, scope):
    """A class of a module that cannot be imported without a GPU's libraries, from its own source."""
    tree = ast.parse((CHECKOUT / path).read_text())
    node = next(n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == name)
    exec(compile(ast.Module([node], []), path, "exec"), scope)
    return scope[name]


Collator = from_source(
    "videollama3/train.py",
    "DataCollatorWithFlatteningForSupervisedDataset",
    {"torch": torch, "transformers": transformers, "dataclass": dataclass, "Dict": Dict, "Sequence": Sequence},
)

WIDTH, VOCABULARY, IMAGE, VISUAL, TEXTUAL = 8, 20, 17, 18, 19
config = Videollama3Qwen2Config(
    vocab_size=VOCABULARY, hidden_size=WIDTH, intermediate_size=16, num_hidden_layers=2, num_attention_heads=2,
    num_key_value_heads=1, use_cache=False, attn_implementation="eager",
)
config.learnable_tokens = config.multi_task = True
config.lambda_1, config.lambda_2 = 0.1, 0.3
config.use_token_compression = False
config.image_token_index, config.visual_alarm_token_id, config.textual_alarm_token_id = IMAGE, VISUAL, TEXTUAL
torch.manual_seed(1)
model = Videollama3Qwen2ForCausalLM(config).double()
with torch.no_grad():
    for parameter in model.parameters():
        parameter.copy_(torch.randn(parameter.shape, dtype=torch.float64).mul(0.4).round(decimals=3))
FEATURES = torch.randn(4, WIDTH, dtype=torch.float64).round(decimals=3)
model.get_vision_encoder = lambda: "a table"
model.encode_images = lambda pixel_values, grid_sizes, merge_sizes: FEATURES

seen = []
hooked = model.forward


def forward(*args, **kwargs):
    seen.append({"num_items_in_batch": int(kwargs["num_items_in_batch"])})
    outputs = hooked(*args, **kwargs)
    seen[-1]["loss"] = outputs.loss.item()
    return outputs


forward.__signature__ = __import__("inspect").signature(hooked)
model.forward = forward
model.model.register_forward_hook(lambda module, inputs, outputs: seen[-1].update(hidden=outputs[0][0].detach()))


def sample(prompt, answer, visual, textual):
    ids = torch.tensor([IMAGE] * 4 + [VISUAL] + prompt + [TEXTUAL, 1] + answer)
    labels = torch.full_like(ids, -100)
    labels[len(ids) - len(answer):] = torch.tensor(answer)
    places = [torch.tensor([(ids == token).nonzero().item(), label]) for token, label in ((VISUAL, visual), (TEXTUAL, textual))]
    return {
        "input_ids": ids, "labels": torch.cat([labels, *places]), "pixel_values": torch.zeros(4, 3),
        "grid_sizes": torch.tensor([[1, 2, 2]]), "merge_sizes": torch.tensor([1]), "modals": ["video"],
    }


class Samples(torch.utils.data.Dataset):
    rows = [([2, 3, 4], [5, 6, 7, 8, 2], 1, 0), ([9, 9], [3], 0, 0), ([4, 11, 12, 13], [14, 15, 16], 1, 1)]

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        return sample(*self.rows[index])


class Record(TrainerCallback):
    def on_pre_optimizer_step(self, args, state, control, **kwargs):
        self.gradients = {n: p.grad.flatten().tolist() for n, p in model.named_parameters() if n.endswith(("_cls.weight", "_cls.bias"))}


class InOrder(Trainer):
    def _get_train_sampler(self):
        return torch.utils.data.SequentialSampler(self.train_dataset)


record = Record()
processor = type("P", (), {"tokenizer": type("T", (), {"model_max_length": 8192})()})()
arguments = TrainingArguments(
    output_dir="/tmp/at-sft-vsr1", per_device_train_batch_size=1, gradient_accumulation_steps=3, max_steps=1, use_cpu=True, report_to=[],
    save_strategy="no", max_grad_norm=0, remove_unused_columns=False, learning_rate=0.0, disable_tqdm=True,
)
before = {name: p.detach().clone() for name, p in model.named_parameters()}
InOrder(model=model, args=arguments, train_dataset=Samples(), data_collator=Collator(processor), callbacks=[record]).train()

rows = []
for (prompt, answer, visual, textual), found in zip(Samples.rows, seen, strict=True):
    item = sample(prompt, answer, visual, textual)
    targets = item["labels"][:-4]
    hidden = found["hidden"]
    log_probs = torch.log_softmax(hidden @ before["lm_head.weight"].T, -1)
    counted = [i for i in range(1, len(targets)) if targets[i] != -100]
    rows.append({
        "tokenLogProbs": [log_probs[i - 1, targets[i]].item() for i in counted],
        "visualLabel": visual, "textualLabel": textual,
        "visualHidden": hidden[item["labels"][-4]].tolist(), "textualHidden": hidden[item["labels"][-2]].tolist(),
        "loss": found["loss"], "numItemsInBatch": found["num_items_in_batch"],
    })
result = {
    "source": "Emiya-syw/VideoSafety-R1 at 7589dea, transformers 4.46.3, accelerate 1.0.1, torch " + torch.__version__.split("+")[0],
    "width": WIDTH, "lambdaVisual": 0.1, "lambdaTextual": 0.3,
    "heads": {m: {"weight": before[f"{m}_tokens_cls.weight"].flatten().tolist(), "bias": before[f"{m}_tokens_cls.bias"].item()} for m in ("visual", "textual")},
    "samples": rows,
    "expected": {"loss": sum(row["loss"] for row in rows), "gradients": record.gradients},
}
OUT.write_text(json.dumps(result, indent=1) + "\n")
print(json.dumps(result["expected"])[:400], [r["numItemsInBatch"] for r in rows])
