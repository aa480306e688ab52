"""A prompt-tuning adapter as PEFT itself saves it, for the interchange of alarm vectors.

Writes packages/alarm-tokens/test/golden/peft-prompt-tuning.json. Needs peft 0.21.0, torch, transformers.
"""

import json
import tempfile
from pathlib import Path

import peft
import torch
from safetensors.torch import load_file
from transformers import Qwen2Config, Qwen2ForCausalLM

assert peft.__version__ == "0.21.0", peft.__version__
OUT = Path(__file__).parents[2] / "packages/alarm-tokens/test/golden/peft-prompt-tuning.json"
WIDTH = 8

base = Qwen2ForCausalLM(
    Qwen2Config(
        vocab_size=16,
        hidden_size=WIDTH,
        intermediate_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=2,
    )
)
config = peft.PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=2, base_model_name_or_path="base")
model = peft.get_peft_model(base, config)
rows = torch.arange(2 * WIDTH, dtype=torch.float32).reshape(2, WIDTH) / 8 - 1
with torch.no_grad():
    model.prompt_encoder["default"].embedding.weight.copy_(rows)
with tempfile.TemporaryDirectory() as folder:
    model.save_pretrained(folder)
    tensors = load_file(f"{folder}/adapter_model.safetensors")
    saved = json.loads(Path(folder, "adapter_config.json").read_text())
OUT.write_text(
    json.dumps(
        {
            "peft": peft.__version__,
            "config": saved,
            "tensors": {
                name: {"dtype": str(t.dtype), "dims": list(t.shape), "data": t.flatten().tolist()}
                for name, t in tensors.items()
            },
        },
        indent=1,
    )
    + "\n"
)
