"""Golden values of the Qwen plans and sizes for packages/video-sampler.

Run: python tools/golden/video-sampler-qwen.py (needs torch, torchvision, transformers 5.18.0, qwen-vl-utils 0.0.14)
"""
import json, pathlib, random
from importlib.metadata import version
import torch, numpy as np
# A torchvision built for another torch lacks its compiled detection operators; nothing here uses them, but importing asks for them.
OPERATORS = torch.library.Library("torchvision", "FRAGMENT")
for operator in ("nms", "qnms", "roi_align", "_roi_align_backward", "roi_pool", "_roi_pool_backward", "ps_roi_align", "_ps_roi_align_backward",
                 "ps_roi_pool", "_ps_roi_pool_backward", "deform_conv2d", "_deform_conv2d_backward"):
    try:
        OPERATORS.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    except RuntimeError:
        pass  # it is there
from qwen_vl_utils import vision_process as utils
from transformers.video_utils import VideoMetadata
from transformers.models.qwen2_vl.video_processing_qwen2_vl import Qwen2VLVideoProcessor, smart_resize as hf_resize
from transformers.models.qwen3_vl.video_processing_qwen3_vl import Qwen3VLVideoProcessor, smart_resize as qwen3_resize

PINNED = {"transformers": "5.18.0", "qwen-vl-utils": "0.0.14"}
for name, expected in PINNED.items():
    assert version(name) == expected, f"{name}: expected {expected}, found {version(name)}"
RATES = [10, 24000 / 1001, 24, 25, 30000 / 1001, 30, 60]
rng = random.Random(17)
OUT = pathlib.Path(__file__).parents[2] / "packages/video-sampler/test/golden/qwen.json"


def utils_indices():
    cases = []
    while len(cases) < 90:
        total, fps = rng.randint(2, 5000), rng.choice(RATES)
        ele = rng.choice([{"fps": rng.choice([0.5, 1, 2, 4])}, {"nframes": 2 * rng.randint(1, 60)}, {"fps": 2, "max_frames": rng.randint(4, 64), "min_frames": 4}])
        if rng.random() < 0.4:
            ele["video_start"] = round(rng.uniform(0, total / fps * 0.6), 2)
            ele["video_end"] = round(ele["video_start"] + rng.uniform(0.3, total / fps), 2)
        try:
            start, end, frames = utils.calculate_video_frame_range(ele, total, fps)
            count = utils.smart_nframes(ele, total_frames=frames, video_fps=fps)
        except ValueError:
            continue
        indices = torch.linspace(start, end, count).round().long().tolist()
        cases.append({"total": total, "rate": fps, "ele": ele, "indices": indices, "sampleFps": count / max(frames, 1e-6) * fps})
    return cases


def hf_indices(processor, pairs):
    cases = []
    while len(cases) < 60:
        total, fps = rng.randint(2, 5000), rng.choice(RATES)
        kwargs = rng.choice([{"fps": rng.choice([0.5, 1, 2, 4])}, {"num_frames": 2 * rng.randint(1, 40)}])
        if kwargs.get("num_frames", 0) > total: continue
        meta = VideoMetadata(total_num_frames=total, fps=fps, duration=total / fps)
        if "num_frames" in kwargs: processor.fps = None
        else: processor.fps = 2
        indices = processor.sample_frames(meta, **kwargs)
        meta.frames_indices = indices
        cases.append({"total": total, "rate": fps, "kwargs": kwargs, "indices": [int(i) for i in indices], "sampledFps": float(meta.sampled_fps)})
    return cases


def sizes():
    cases = []
    while len(cases) < 120:
        height, width, count = rng.randint(16, 2400), rng.randint(16, 2400), rng.choice([2, 4, 7, 16, 64, 250, 768])
        if max(height, width) / min(height, width) > 200: continue
        ele = rng.choice([{}, {"max_pixels": rng.choice([360 * 420, 768 * 28 * 28, 200000])}, {"min_pixels": 4 * 28 * 28, "max_pixels": 256 * 28 * 28}, {"total_pixels": rng.choice([20480 * 28 * 28, 6000 * 28 * 28])}])
        patch = rng.choice([14, 16])
        factor = patch * 2
        minimum = ele.get("min_pixels", utils.VIDEO_MIN_TOKEN_NUM * factor ** 2)
        total = ele.get("total_pixels", utils.MODEL_SEQ_LEN * factor * factor * 0.9)
        most = max(min(utils.VIDEO_MAX_TOKEN_NUM * factor ** 2, total / count * utils.FRAME_FACTOR), int(minimum * 1.05))
        most = min(ele.get("max_pixels", most), most)
        if most < minimum: continue
        small, large = rng.choice([(128 * 784, 768 * 784), (3136, 100352)])
        small3, large3 = rng.choice([(4096, 25165824), (128 * 1024, 768 * 1024)])
        cases.append({"from": [height, width], "frames": count, "ele": ele, "patch": patch, "utils": list(utils.smart_resize(height, width, factor, minimum, most)),
                      "hfRange": [small, large], "hf": list(hf_resize(height, width, 28, small, large)),
                      "qwen3Range": [small3, large3], "qwen3": list(qwen3_resize(count, height, width, 2, 32, small3, large3))})
    return cases


def layout():
    t, h, w = 3, 64, 96
    video = torch.from_numpy((np.arange(t * h * w * 3, dtype=np.int64) * 7919 % 251).astype(np.uint8).reshape(t, h, w, 3)).permute(0, 3, 1, 2)
    out = Qwen3VLVideoProcessor()(videos=[video], do_sample_frames=False, do_resize=False, return_tensors="pt")
    values = out["pixel_values_videos"]
    flat = values.reshape(-1)
    at = np.linspace(0, flat.numel() - 1, 40).astype(int)
    return {"frames": t, "height": h, "width": w, "dims": list(values.shape), "grid": out["video_grid_thw"][0].tolist(), "at": at.tolist(), "values": [float(flat[i]) for i in at]}


golden = {"versions": {**PINNED, "torch": version("torch")}, "utils": utils_indices(), "hf": hf_indices(Qwen2VLVideoProcessor(), True), "qwen3": hf_indices(Qwen3VLVideoProcessor(), False),
          "sizes": sizes(), "layout": layout()}
OUT.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
print({name: len(json.dumps(value)) for name, value in golden.items()})
