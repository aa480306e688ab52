"""Golden adapters for packages/video-llm, made by PEFT on the tiny checkpoints beside them, and the logits with each.

torch==2.13.0, peft==0.19.1, transformers 5 (checked below; the models are those of the other generators). Writes
packages/video-llm/test/golden/adapters/<case>/ (adapter_config.json, adapter_model.safetensors) and adapters.json.
Run: /path/to/python tools/golden/video-llm-adapters.py
"""

import base64
import json
import os
import pathlib
import shutil
import sys

os.environ["HF_HUB_OFFLINE"] = "1"
import numpy as np
import peft
import torch
import transformers
from transformers import AutoModelForImageTextToText

for module, version in ((torch, "2.13.0"), (peft, "0.19.1"), (transformers, "5.")):
    if not module.__version__.startswith(version):
        sys.exit(f"expected {module.__name__} {version}, found {module.__version__}")

root = pathlib.Path(__file__).resolve().parents[2] / "packages/video-llm/test/golden"
out = root / "adapters"
shutil.rmtree(out, ignore_errors=True)
out.mkdir()
IDS = [5, 9, 11, 40, 7, 65, 12, 90]

CASES = {
    # A list of names also adapts the vision encoder, whose layers have the same.
    "videollama3-q-v": ("videollama3-hf", dict(r=2, lora_alpha=8, target_modules=["q_proj", "v_proj"])),
    "qwen2-vl-patterns": ("qwen2-vl", dict(
        r=2, lora_alpha=5, use_rslora=True, target_modules=["q_proj", "v_proj", "down_proj"],
        rank_pattern={"layers.1.self_attn.q_proj": 3}, alpha_pattern={"down_proj": 7, r"layers\.0\.self_attn\.v_proj": 2},
    )),
    "smolvlm2-one-layer": ("smolvlm2", dict(r=3, lora_alpha=3, target_modules=["down_proj", "gate_proj"], layers_to_transform=[1])),
    "qwen2.5-vl-head": ("qwen2.5-vl", dict(r=2, lora_alpha=4, target_modules=["o_proj"], modules_to_save=["lm_head"])),
    # Every linear layer, the fused ones of the vision encoder and its mergers too, but for those that are left out.
    "qwen3-vl-all-linear": ("qwen3-vl", dict(r=2, lora_alpha=4, target_modules="all-linear", exclude_modules=["o_proj", "linear_fc1"])),
    "qwen2.5-vl-first-layer": ("qwen2.5-vl", dict(
        r=2, lora_alpha=4, target_modules=["q_proj", "up_proj"], layers_to_transform=[0], layers_pattern="layers", lora_dropout=0.1, init_lora_weights="gaussian")),
    "qwen2-vl-dora": ("qwen2-vl", dict(r=2, lora_alpha=4, use_dora=True, target_modules=["q_proj"])),
}

results = {}
for case, (checkpoint, settings) in CASES.items():
    torch.manual_seed(7)
    base = AutoModelForImageTextToText.from_pretrained(root / checkpoint, dtype=torch.float32)
    model = peft.get_peft_model(base, peft.LoraConfig(**settings)).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name or "modules_to_save" in name:
                parameter.add_(torch.randn_like(parameter) * 0.2)
        logits = model(input_ids=torch.tensor([IDS])).logits[0]
        with model.disable_adapter():
            off = model(input_ids=torch.tensor([IDS])).logits[0]
        result = {"checkpoint": checkpoint, "inputIds": IDS}
        if checkpoint == "videollama3-hf":
            # The frames of its golden.json; without token compression.
            golden = json.loads((root / checkpoint / "golden.json").read_text())
            frames = np.frombuffer(base64.b64decode(golden["frames"]), np.uint8).reshape(golden["dims"])
            from transformers.models.video_llama_3.image_processing_pil_video_llama_3 import VideoLlama3ImageProcessorPil
            processor = VideoLlama3ImageProcessorPil(patch_size=4, merge_size=2, image_mean=[0.5] * 3, image_std=[0.5] * 3, do_resize=False)
            patches = processor(list(frames), return_tensors="pt", input_data_format="channels_last")["pixel_values"]
            grids, merges = torch.tensor([[3, 4, 6]]), torch.tensor([2])
            features = base.model.get_video_features(patches, grids, merges).pooler_output
            result["firstFrame"] = [round(float(v), 7) for v in torch.cat(list(features))[:6].flatten()]
    model.save_pretrained(out / case)
    (out / case / "README.md").unlink(missing_ok=True)
    config = json.loads((out / case / "adapter_config.json").read_text())
    config["base_model_name_or_path"] = checkpoint
    (out / case / "adapter_config.json").write_text(json.dumps(config, indent=2) + "\n")
    (out / case / "adapter_model.safetensors").chmod(0o644)
    rounded = lambda values: [round(float(v), 7) for v in values.flatten()]
    results[case] = {**result, "logits": rounded(logits[-2:]), "logitsOff": rounded(off[-2:])}
    print(case, float((logits - off).abs().max()))
versions = {name: module.__version__ for name, module in (("torch", torch), ("transformers", transformers), ("peft", peft))}
(out / "adapters.json").write_text(json.dumps({"versions": versions, "cases": results}))
