"""Reads with transformers what packages/video-llm saves: AutoConfig, AutoTokenizer, AutoProcessor and AutoModelForImageTextToText.

torch==2.13.0, transformers 5 (checked), num2words and torchvision for SmolVLM2's and the video processors. First
`npx tsx packages/video-llm/test/save-samples.ts DIRECTORY`, then /path/to/python tools/golden/video-llm-saves.py DIRECTORY: writes
packages/video-llm/test/golden/saves.json, the ids and logits that the test gets from the same models.
"""

import json
import os
import pathlib
import sys

os.environ["HF_HUB_OFFLINE"] = "1"
import numpy as np
import torch

# torchvision's wheel is for another torch: its Python alone is used here, and that asks for the names of its operators.
for operator in ("nms", "qnms", "roi_align", "_roi_align_backward", "ps_roi_align", "_ps_roi_align_backward", "roi_pool",
                 "_roi_pool_backward", "ps_roi_pool", "_ps_roi_pool_backward", "deform_conv2d", "_deform_conv2d_backward"):
    torch.library.define(f"torchvision::{operator}", "(Tensor unused) -> Tensor")
import transformers
from transformers import AutoModelForImageTextToText, AutoProcessor, AutoTokenizer

source = pathlib.Path(sys.argv[1])
out = pathlib.Path(__file__).resolve().parents[2] / "packages/video-llm/test/golden/saves.json"
results = {}
for directory in sorted(source.iterdir()):
    tokenizer = AutoTokenizer.from_pretrained(directory)
    try:
        processor = AutoProcessor.from_pretrained(directory)
        kinds = {key: type(getattr(processor, key, None)).__name__ for key in ("tokenizer", "image_processor", "video_processor")}
    except Exception as error:
        processor, kinds = None, {"failed": str(error)[:2000]}
    model, info = AutoModelForImageTextToText.from_pretrained(directory, dtype=torch.float32, output_loading_info=True)
    model.eval()
    messages = [{"role": "user", "content": [{"type": "text", "text": "a dog in the park"}]}]
    ids = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=True, return_dict=False)
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([ids])).logits[0, -1]
    result = {
        "processor": type(processor).__name__, **kinds, "inputIds": ids,
        "missing": sorted(info["missing_keys"]), "unexpected": sorted(info["unexpected_keys"]),
        "logits": [round(float(v), 6) for v in logits],
    }
    if processor is not None:
        image = np.zeros((32, 32, 3), np.uint8)
        chat = [{"role": "user", "content": [{"type": "image", "image": image}, {"type": "text", "text": "a dog"}]}]
        text = processor.apply_chat_template(chat, add_generation_prompt=True)
        try:
            inputs = processor(text=text, images=[image], return_tensors="pt")
            result["imageTokens"] = int((inputs["input_ids"] == model.config.image_token_id).sum())
        except Exception as error:
            result["imageFailed"] = str(error)[:500]
    results[directory.name] = result
    print(directory.name, {key: value for key, value in result.items() if key not in ("inputIds", "logits")})
versions = {"torch": torch.__version__, "transformers": transformers.__version__}
out.write_text(json.dumps({"versions": versions, "models": results}))
