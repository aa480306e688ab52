"""Golden values for @videosafety/video-sampler. Run: python tools/golden/video-sampler.py (needs torchvision for the processors).

Pinned: Pillow 12.3.0, numpy 2.4.6, torch 2.13.0, torchvision 0.28.0, transformers 5.18.0.
Inputs come from `pattern`, integer arithmetic that the tests repeat, so only hashes and samples of the outputs are stored.
"""
import hashlib, json, pathlib, random
import numpy as np, PIL, torch
# A torchvision built for another torch lacks its compiled detection operators; nothing here uses them, but importing asks for them.
OPERATORS = torch.library.Library("torchvision", "FRAGMENT")
for operator in ("nms", "qnms", "roi_align", "_roi_align_backward", "roi_pool", "_roi_pool_backward", "ps_roi_align", "_ps_roi_align_backward",
                 "ps_roi_pool", "_ps_roi_pool_backward", "deform_conv2d", "_deform_conv2d_backward"):
    try:
        OPERATORS.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    except RuntimeError:
        pass  # it is there
import torchvision, transformers
from PIL import Image

PINNED = {"Pillow": (PIL.__version__, "12.3.0"), "numpy": (np.__version__, "2.4.6"), "torch": (torch.__version__.split("+")[0], "2.13.0"),
          "torchvision": (torchvision.__version__.split("+")[0], "0.28.0"), "transformers": (transformers.__version__, "5.18.0")}
for name, (found, expected) in PINNED.items():
    assert found == expected, f"{name}: expected {expected}, found {found}"

from transformers.models.video_llama_3.video_processing_video_llama_3 import VideoLlama3VideoProcessor
from transformers.models.qwen2_vl.video_processing_qwen2_vl import Qwen2VLVideoProcessor, smart_resize
from transformers.models.smolvlm.video_processing_smolvlm import SmolVLMVideoProcessor, get_resize_output_image_size
from transformers.video_utils import VideoMetadata

OUT = pathlib.Path(__file__).parents[2] / "packages/video-sampler/test/golden"
sha = lambda array: hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()[:32]


def pattern(frames, height, width, seed):
    """uint8 [T, H, W, 3]: noise over a gradient; noise of frame t changes only in columns left of t * W / T."""
    t, y, x, c = np.meshgrid(*(np.arange(n, dtype=np.int64) for n in (frames, height, width, 3)), indexing="ij")
    moving = np.where(x * frames < t * width, t, 0)
    noise = ((x * 73856093) ^ (y * 19349663) ^ (c * 83492791) ^ (moving * 40503) ^ (seed * 2654435)) % 251
    return ((noise + x * 255 // max(1, width) + y) % 256).astype(np.uint8)


def resize_cases():
    rng = random.Random(3)
    cases = []
    filters = {"bicubic": Image.Resampling.BICUBIC, "bilinear": Image.Resampling.BILINEAR, "lanczos": Image.Resampling.LANCZOS}
    for i in range(60):
        height, width, out_height, out_width = (rng.randint(1, 160) for _ in range(4))
        if i % 10 == 0: out_width = width
        if i % 10 == 1: out_height = height
        name = ["bicubic", "bicubic", "bilinear", "lanczos"][i % 4]
        image = Image.fromarray(pattern(1, height, width, i)[0]).resize((out_width, out_height), filters[name])
        cases.append({"seed": i, "from": [height, width], "to": [out_height, out_width], "filter": name, "sha256": sha(np.asarray(image))})
    return cases


def linspace_cases():
    """One hash a row: numpy.linspace(0, n - 1, count, dtype=int) for every count, so that 26,797 pairs fit in a few lines."""
    rows = []
    for n in range(2, 320, 3):
        digest = hashlib.sha256()
        for count in range(1, n + 1):
            digest.update(np.linspace(0, n - 1, count, dtype=int).astype("<i4").tobytes())
        rows.append({"frames": n, "sha256": digest.hexdigest()[:32]})
    return rows


def pixel_sample(values):
    flat = values.reshape(-1)
    at = np.linspace(0, flat.size - 1, 40).astype(int)
    return {"at": at.tolist(), "values": [float(v) for v in flat[at]]}


def processor_case(processor, clip, kwargs, grid_key, **extra):
    video = torch.from_numpy(clip).permute(0, 3, 1, 2)
    out = processor(videos=[video], do_sample_frames=False, return_tensors="pt", **kwargs)
    values = out[next(k for k in ("pixel_values_videos", "pixel_values") if k in out)]
    case = {"dims": list(values.shape), "pixels": pixel_sample(values.numpy()), **extra}
    if grid_key: case["grid"] = out[grid_key][0].tolist()
    if "video_compression_mask" in out: case["mask"] = "".join(str(int(v)) for v in out["video_compression_mask"])
    return case


def video_llama3():
    cases = []
    for t, h, w, merge in [(1, 56, 84, 2), (2, 56, 56, 1), (4, 112, 84, 2), (6, 84, 140, 1), (3, 112, 112, 4)]:
        frames = pattern(t, h, w, 7)
        processor = VideoLlama3VideoProcessor(image_mean=[0.5] * 3, image_std=[0.5] * 3, merge_size=merge)
        cases.append(processor_case(processor, frames, {"do_resize": False}, "video_grid_thw", frames=t, height=h, width=w, merge=merge))
    return cases


def qwen():
    cases = []
    for t, h, w in [(2, 56, 84), (3, 84, 56), (4, 112, 112)]:
        case = processor_case(Qwen2VLVideoProcessor(), pattern(t, h, w, 9), {"do_resize": False}, "video_grid_thw", frames=t, height=h, width=w)
        cases.append(case)
    sizes = []
    rng = random.Random(5)
    for _ in range(80):
        h, w, n = rng.randint(8, 2400), rng.randint(20, 2400), rng.choice([1, 2, 4, 16, 64, 256, 768])
        if max(h, w) / min(h, w) > 200: continue
        minimum = 128 * 28 * 28
        maximum = max(min(768 * 28 * 28, int(128000 * 28 * 28 * 0.9) * 2 // n), int(minimum * 1.05))
        sizes.append({"from": [h, w], "frames": n, "to": list(smart_resize(h, w, 28, minimum, maximum))})
    return {"layouts": cases, "sizes": sizes}


def smolvlm():
    sizes = []
    rng = random.Random(6)
    for _ in range(40):
        h, w = rng.randint(2, 1500), rng.randint(2, 1500)
        sizes.append({"from": [h, w], "to": list(get_resize_output_image_size(torch.empty(1, 3, h, w), resolution_max_side=2048))})
    processor = SmolVLMVideoProcessor(image_mean=[0.5] * 3, image_std=[0.5] * 3, max_image_size={"longest_edge": 64})
    frames = pattern(2, 64, 64, 11)
    layout = processor_case(processor, frames, {"do_resize": False, "do_pad": False}, None, frames=2, height=64, width=64)
    indices = []
    for _ in range(60):
        total, fps, duration = rng.randint(1, 4000), rng.choice([10, 24, 25, 29.97, 30, 60]), 0
        duration = total / fps
        want, rate = rng.choice([4, 8, 32, 64]), rng.choice([0.5, 1, 2])
        meta = VideoMetadata(total_num_frames=total, fps=fps, duration=duration)
        indices.append({"total": total, "fps": fps, "numFrames": want, "rate": rate,
                        "indices": SmolVLMVideoProcessor().sample_frames(meta, num_frames=want, fps=rate).tolist()})
    return {"sizes": sizes, "layouts": [layout], "indices": indices}


def hf_indices():
    rng = random.Random(8)
    cases = []
    for _ in range(60):
        total, fps, rate = rng.randint(1, 6000), rng.choice([10, 24, 25, 29.97, 30, 60]), rng.choice([0.5, 1, 2])
        meta = VideoMetadata(total_num_frames=total, fps=fps, duration=total / fps)
        indices = VideoLlama3VideoProcessor().sample_frames(meta, fps=rate)
        cases.append({"total": total, "fps": fps, "rate": rate, "count": len(indices), "sha256": sha(indices.numpy().astype("<i4"))})
    return cases


def qwen_indices():
    """qwen-vl-utils: torch.linspace(start, end, n).round().long(), of which torch fills the second half from the end."""
    rng = random.Random(10)
    cases = []
    for _ in range(80):
        total = rng.randint(4, 20000)
        n = 2 * rng.randint(1, min(384, total // 2))
        cases.append({"total": total, "count": n, "sha256": sha(torch.linspace(0, total - 1, n).round().long().numpy().astype("<i4"))})
    return cases


OUT.mkdir(parents=True, exist_ok=True)
golden = {"versions": {name: expected for name, (_, expected) in PINNED.items()}, "resize": resize_cases(), "linspace": linspace_cases(),
          "videoLlama3": video_llama3(), "qwen": qwen(), "smolvlm": smolvlm(), "hfIndices": hf_indices(), "qwenIndices": qwen_indices()}
(OUT / "peers.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
print({name: len(json.dumps(value)) for name, value in golden.items()})
