"""Writes the fingerprint of a video as a Python loader sees it, for `video-sampler parity A.json B.json`.

usage: python tools/video_fingerprint.py FILE --loader transformers|qwen-vl-utils|vllm [--model qwen2.5-vl|qwen3-vl|videollama3|smolvlm2]
           [--fps 2] [--num-frames N] [--backend pyav|torchcodec|torchvision|decord|opencv] [--native] -o B.json

transformers: the model's video processor (class defaults) chooses and the backend decodes; qwen-vl-utils: `fetch_video`.
--native leaves frames at their own size, so that decoding and choice are compared without two resizes in between.
Made for transformers 5.18.0, qwen-vl-utils 0.0.14. Needs numpy and the loader named.
"""
import argparse, hashlib, json, sys
from importlib.metadata import PackageNotFoundError, version
import numpy as np

BLOCKS, PROBES = 8, 256


def fingerprint(frames, times, loader, rate=None, tensors=None, prompt_ids=None):
    """frames: uint8 [T, H, W, 3]; times: [T] seconds; tensors: name -> array."""
    count, height, width, _ = frames.shape
    return {"format": "video-fingerprint/1", "loader": loader, "frames": [count, height, width], "timesSeconds": [float(t) for t in times],
            "pixelsSha256": [hashlib.sha256(np.ascontiguousarray(frame).tobytes()).hexdigest() for frame in frames],
            "blockMeans": [block_means(frame) for frame in frames], "sampledFrameRate": None if rate is None else float(rate),
            "tensors": {name: {"dims": list(value.shape), "values": probes(value)} for name, value in (tensors or {}).items()},
            "promptIds": None if prompt_ids is None else [int(i) for i in prompt_ids]}


def block_means(frame):
    height, width, _ = frame.shape
    means = []
    for row in range(BLOCKS):
        for column in range(BLOCKS):
            block = frame[row * height // BLOCKS:(row + 1) * height // BLOCKS, column * width // BLOCKS:(column + 1) * width // BLOCKS]
            means += [0.0] * 3 if block.size == 0 else [round(float(mean), 4) for mean in block.reshape(-1, 3).mean(axis=0, dtype=np.float64)]
    return means


def probes(value):
    flat = np.asarray(value, dtype=np.float64).reshape(-1)
    kept = min(PROBES, flat.size)
    return [float(flat[i if kept < 2 else i * (flat.size - 1) // (kept - 1)]) for i in range(kept)]


def processor_of(model):
    from transformers.models.qwen2_vl.video_processing_qwen2_vl import Qwen2VLVideoProcessor
    from transformers.models.qwen3_vl.video_processing_qwen3_vl import Qwen3VLVideoProcessor
    from transformers.models.smolvlm.video_processing_smolvlm import SmolVLMVideoProcessor
    from transformers.models.video_llama_3.video_processing_video_llama_3 import VideoLlama3VideoProcessor
    return {"qwen2.5-vl": Qwen2VLVideoProcessor, "qwen3-vl": Qwen3VLVideoProcessor, "smolvlm2": SmolVLMVideoProcessor,
            "videollama3": VideoLlama3VideoProcessor}[model]()


def from_transformers(args):
    from transformers.video_utils import load_video
    processor = processor_of(args.model)
    wanted = {"num_frames": args.num_frames} if args.num_frames else {"fps": args.fps}
    if args.num_frames: processor.fps = None
    frames, metadata = load_video(args.file, backend=args.backend or "pyav", sample_indices_fn=lambda metadata, **_: processor.sample_frames(metadata, **wanted))
    frames = np.asarray(frames)
    if frames.shape[-1] != 3: frames = frames.transpose(0, 2, 3, 1)
    indices = np.asarray(metadata.frames_indices)
    rate = len(indices) / metadata.total_num_frames * metadata.fps
    tensors = {}
    if not args.native:
        out = processor(videos=[frames.transpose(0, 3, 1, 2)], do_sample_frames=False, return_tensors="np")
        tensors = {name: np.asarray(value) for name, value in out.items() if name.startswith(("pixel_values", "video_grid"))}
    return fingerprint(frames, indices / metadata.fps, f"transformers {version('transformers')}", rate, tensors)


def from_qwen_vl_utils(args):
    from qwen_vl_utils import vision_process as utils
    if args.backend: utils.FORCE_QWENVL_VIDEO_READER = args.backend; utils.get_video_reader_backend.cache_clear()
    ele = {"video": args.file, **({"nframes": args.num_frames} if args.num_frames else {"fps": args.fps})}
    if args.native:
        video, metadata, rate = utils.VIDEO_READER_BACKENDS[utils.get_video_reader_backend()](ele)
    else:
        (video, metadata), rate = utils.fetch_video(ele, return_video_sample_fps=True, return_video_metadata=True)
    frames = np.asarray(video).round().astype(np.uint8).transpose(0, 2, 3, 1)
    times = np.asarray(metadata["frames_indices"], dtype=float) / metadata["fps"]
    return fingerprint(frames, times, f"qwen-vl-utils {version('qwen-vl-utils')} ({metadata['video_backend']})", rate)


def from_vllm(args):
    from vllm.multimodal.video import VIDEO_LOADER_REGISTRY
    loader = VIDEO_LOADER_REGISTRY.load(args.backend or "opencv")
    data = open(args.file, "rb").read()
    frames, metadata = loader.load_bytes(data, num_frames=args.num_frames or -1, fps=args.fps if not args.num_frames else -1)
    indices = np.asarray(metadata["frames_indices"], dtype=float)
    return fingerprint(np.asarray(frames), indices / metadata["fps"], f"vllm {version('vllm')}", len(indices) / metadata["total_num_frames"] * metadata["fps"])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("--loader", required=True, choices=["transformers", "qwen-vl-utils", "vllm"])
    parser.add_argument("--model", default="qwen2.5-vl", choices=["qwen2.5-vl", "qwen3-vl", "videollama3", "smolvlm2"])
    parser.add_argument("--fps", type=float, default=2)
    parser.add_argument("--num-frames", type=int)
    parser.add_argument("--backend")
    parser.add_argument("--native", action="store_true")
    parser.add_argument("-o", "--out", required=True)
    args = parser.parse_args()
    try:
        result = {"transformers": from_transformers, "qwen-vl-utils": from_qwen_vl_utils, "vllm": from_vllm}[args.loader](args)
    except (ImportError, PackageNotFoundError) as error:
        sys.exit(f"video_fingerprint: the loader {args.loader} is not installed here ({error}); install it, or take another --loader.")
    with open(args.out, "w") as file:
        json.dump(result, file)
    print(f"{args.out}: {result['frames'][0]} frames as {result['loader']} sees them")
