"""Golden pixels for packages/video-llm: images and frames of videos as transformers' processors see them.

transformers==5.18.0, Pillow 12.3.0, torch==2.13.0 (checked in video_llm_common.py). Images go through the Pillow processors. The
video processors need torchvision, so SmolVLM2's two resizes (`SmolVLMVideoProcessor.resize`) are done here by Pillow's Lanczos.
Written are grids and grey levels (0 to 255) of every so-manyth value. Run: /path/to/python tools/golden/video-llm-pixels.py
"""

import json
import pathlib

import video_llm_common  # noqa: F401  first: offline mode, versions
import numpy as np
import transformers
from PIL import Image
from transformers.models.smolvlm import image_processing_pil_smolvlm as smol
from transformers.models.smolvlm import processing_smolvlm as prompts
from transformers.models.video_llama_3 import image_processing_pil_video_llama_3 as vl3

out = pathlib.Path(__file__).resolve().parents[2] / "packages/video-llm/test/golden/pixels.json"


def pixels(height, width):
    """uint8 [height, width, 3]: rings over a ramp, repeated in src/vision/pixels.test.ts."""
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(3), indexing="ij")
    return (((x - 20) ** 2 + (y - 11) ** 2) // 40 * 3 % 160 + (x * 2 + y + c * 30) % 96).astype(np.uint8)


def grey(values):
    return [round(float(v), 2) for v in (np.asarray(values, np.float64) * 0.5 + 0.5).flatten() * 255]


cases = []
for height, width in ((56, 56), (45, 100), (30, 20)):
    processor = vl3.VideoLlama3ImageProcessorPil(size={"shortest_edge": 16 * 14 * 14, "longest_edge": 16384 * 14 * 14})
    found = processor(pixels(height, width), return_tensors="np", input_data_format="channels_last")
    values = found["pixel_values"]
    cases.append({"family": "videollama3", "kind": "image", "height": height, "width": width, "grid": found["image_grid_thw"][0].tolist(),
                  "mergeSize": int(found["image_merge_sizes"][0]), "step": 97, "pixels": grey(values.flatten()[::97])})

SIDE, LONGEST = 32, 96
for height, width, split in ((40, 70, True), (75, 31, True), (30, 30, True), (40, 70, False), (10, 12, True)):
    processor = smol.SmolVLMImageProcessorPil(size={"longest_edge": LONGEST}, max_image_size={"longest_edge": SIDE}, do_image_splitting=split,
                                              do_pad=True, return_row_col_info=True)
    found = processor(pixels(height, width), return_tensors="np", input_data_format="channels_last")
    values = found["pixel_values"][0].transpose(0, 2, 3, 1)  # tiles, rows, columns, channels
    cases.append({"family": "smolvlm2", "kind": "image", "height": height, "width": width, "split": split, "tiles": len(values),
                  "rows": int(found["rows"][0][0]), "columns": int(found["cols"][0][0]), "step": 61,
                  "prompt": prompts.get_image_prompt_string(int(found["rows"][0][0]), int(found["cols"][0][0]), 1, fake_token_around_image="<fake_token_around_image>",
                                                            image_token="<image>", global_image_token="<global-img>"), "pixels": grey(values.flatten()[::61])})

for height, width in ((40, 71), (64, 64), (25, 18)):
    rows, columns = smol._resize_output_size_rescale_to_max_len(height, width, max_len=64)
    image = Image.fromarray(pixels(height, width)).resize((columns, rows), Image.LANCZOS).resize((SIDE, SIDE), Image.LANCZOS)
    cases.append({"family": "smolvlm2", "kind": "video", "height": height, "width": width, "step": 61,
                  "pixels": grey((np.asarray(image, np.float64) / 255 * 2 - 1).flatten()[::61])})

out.write_text(json.dumps({"versions": {"transformers": transformers.__version__}, "side": SIDE, "longestEdge": LONGEST, "videoLongestEdge": 64, "cases": cases}))
print(out.stat().st_size, "bytes", [(c["family"], c.get("grid"), c.get("tiles"), c.get("rows"), c.get("columns")) for c in cases])
