"""Golden values for packages/video-llm from transformers' Qwen2VL-, Qwen2_5_VL- and Qwen3VLForConditionalGeneration.

torch==2.13.0, transformers==5.18.0, tokenizers==0.23.2 (checked in video_llm_common.py), Pillow 12.3.0, jinja2. Writes one checkpoint directory a
family, as transformers saves it (random tiny weights, bfloat16), and the values it computes from them in float32. Frames
are a formula (`pixels`), repeated in test/qwen-vl.test.ts. Run: /path/to/python tools/golden/video-llm-qwen-vl.py [family ...]
"""

import json
import math
import pathlib
import sys

from video_llm_common import train_tokenizer  # first: offline mode, versions
import jinja2
import numpy as np
import torch
import transformers
from PIL import Image
from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration, Qwen2VLConfig, Qwen2VLForConditionalGeneration, Qwen3VLConfig, Qwen3VLForConditionalGeneration
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

root = pathlib.Path(__file__).resolve().parents[2] / "packages/video-llm/test/golden"
PATCH, MERGE = 4, 2
FACTOR = PATCH * MERGE
LIMITS = {"image": (4 * FACTOR**2, 40 * FACTOR**2), "video": (6 * FACTOR**2, 40 * FACTOR**2)}
GENERATED = 12

# The template has the logic of the published one: a default system turn, and placeholders by the type of a part.
TEMPLATE = (
    "{% for message in messages %}{% if loop.first and message['role'] != 'system' %}"
    "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n{% endif %}<|im_start|>{{ message['role'] }}\n"
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}{% for part in message['content'] %}"
    "{% if part['type'] == 'image' or 'image' in part %}<|vision_start|><|image_pad|><|vision_end|>"
    "{% elif part['type'] == 'video' or 'video' in part %}<|vision_start|><|video_pad|><|vision_end|>"
    "{% elif 'text' in part %}{{ part['text'] }}{% endif %}{% endfor %}{% endif %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def limits_of(family, kind):
    """Pixels of a frame; for Qwen3-VL's videos of all frames."""
    least, most = LIMITS[kind]
    return (least, 4 * most) if family == "qwen3-vl" and kind == "video" else (least, most)


def pixels(count, height, width, shift):
    """A ramp under a moving checkerboard: uint8 [count, height, width, 3]."""
    t, y, x, c = np.meshgrid(np.arange(count), np.arange(height), np.arange(width), np.arange(3), indexing="ij")
    wave = (x * 5 + y * 3 + t * 17 + c * 40 + shift) % 510
    ramp = np.where(wave < 256, wave, 509 - wave)
    checker = ((x + t * 3 + shift) // 7 + y // 6) % 2 * 60
    return np.minimum(255, ramp + checker).astype(np.uint8)


def make_tokenizer():
    text = "system user assistant You are a helpful assistant. what happens in this video? a person walks a dog"
    specials = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>"]
    return train_tokenizer(text, 290, specials)


def make_model(family, tokenizer):
    torch.manual_seed(3)
    text = dict(
        vocab_size=(tokenizer.get_vocab_size() + 2 + 7) // 8 * 8, hidden_size=32, intermediate_size=48, num_hidden_layers=2,
        num_attention_heads=2, num_key_value_heads=1, max_position_embeddings=512, rms_norm_eps=1e-6,
        rope_parameters=dict(rope_type="default", rope_theta=10000.0, mrope_section=[2, 3, 3]), bos_token_id=None,
        eos_token_id=tokenizer.token_to_id("<|im_end|>"), pad_token_id=0,
    )
    shared = dict(num_heads=2, patch_size=PATCH, spatial_merge_size=MERGE, temporal_patch_size=2)
    ids = dict(
        image_token_id=tokenizer.token_to_id("<|image_pad|>"), video_token_id=tokenizer.token_to_id("<|video_pad|>"),
        vision_start_token_id=tokenizer.token_to_id("<|vision_start|>"), vision_end_token_id=tokenizer.token_to_id("<|vision_end|>"),
    )
    if family == "qwen2-vl":
        vision = dict(depth=2, embed_dim=24, hidden_size=32, mlp_ratio=2, **shared)
        config = Qwen2VLConfig(text_config=text, vision_config=vision, tie_word_embeddings=True, **ids)
        model = Qwen2VLForConditionalGeneration(config)
    elif family == "qwen3-vl":
        vision = dict(
            depth=3, hidden_size=24, intermediate_size=40, out_hidden_size=32, num_position_embeddings=25,
            deepstack_visual_indexes=[0, 1], **shared,
        )
        rope = dict(rope_type="default", rope_theta=10000.0, mrope_section=[4, 4, 4], mrope_interleaved=True)
        text = {**text, "head_dim": 24, "num_hidden_layers": 3, "rope_parameters": rope}
        config = Qwen3VLConfig(text_config=text, vision_config=vision, tie_word_embeddings=True, **ids)
        model = Qwen3VLForConditionalGeneration(config)
    else:
        vision = dict(
            depth=3, hidden_size=24, intermediate_size=40, out_hidden_size=32, window_size=4 * FACTOR,
            fullatt_block_indexes=[1], tokens_per_second=2, **shared,
        )
        config = Qwen2_5_VLConfig(text_config=text, vision_config=vision, tie_word_embeddings=False, **ids)
        model = Qwen2_5_VLForConditionalGeneration(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * (0.3 if parameter.dim() > 1 else 0.15))
    return model.eval().to(torch.bfloat16)


def whole_video_size(count, height, width, least, most):
    """Qwen3-VL's limits are of all frames together: `smart_resize` of its video processor, whose module needs torchvision."""
    if min(height, width) < FACTOR:
        scale = max(FACTOR / height, FACTOR / width)
        height, width = int(height * scale), int(width * scale)
    rows, columns, frames = round(height / FACTOR) * FACTOR, round(width / FACTOR) * FACTOR, round(count / 2) * 2
    if frames * rows * columns > most:
        beta = math.sqrt(count * height * width / most)
        return tuple(max(FACTOR, math.floor(side / beta / FACTOR) * FACTOR) for side in (height, width))
    if frames * rows * columns < least:
        beta = math.sqrt(least / (count * height * width))
        return tuple(math.ceil(side * beta / FACTOR) * FACTOR for side in (height, width))
    return rows, columns


def patches3(kind, frames, least, most):
    """Qwen3-VL: frames of a video are brought to their size first; mean and std are 0.5."""
    if kind == "video":
        size = whole_video_size(*frames.shape[:3], least, most)
        frames = np.stack([np.asarray(Image.fromarray(frame).resize(size[::-1], Image.BICUBIC)) for frame in frames])
        least, most = 1, 10**9
    return patches(frames, least, most, image_mean=[0.5] * 3, image_std=[0.5] * 3)


def patches(frames, least, most, **normalisation):
    """Patches over pairs of frames. The video processor needs torchvision; the image processor, which repeats its one image in
    time, gives both halves of a pair the same way. An odd last frame stays repeated."""
    processor = Qwen2VLImageProcessorPil(patch_size=PATCH, size={"shortest_edge": least, "longest_edge": most}, **normalisation)
    output = processor(list(frames), return_tensors="pt", input_data_format="channels_last")
    count, rows, columns = len(frames), *output["image_grid_thw"][0, 1:].tolist()
    single = output["pixel_values"].view(count, rows * columns, 3, 2, PATCH**2)
    pairs = single[::2].clone()
    pairs[: count // 2, :, :, 1] = single[1::2, :, :, 1]
    return pairs.reshape(-1, 3 * 2 * PATCH**2), torch.tensor([[len(pairs), rows, columns]])


class Case:
    """One conversation: parts are texts, or ("image" | "video", frames, height, width, shift[, frames per second])."""

    def __init__(self, name, parts, tokenizer, family):
        self.name, self.parts = name, parts
        visual = [part for part in parts if not isinstance(part, str)]
        self.inputs, pads = {}, {"image": [], "video": []}
        found = {"image": [], "video": []}
        for kind, count, height, width, shift, *_ in visual:
            frames = pixels(count, height, width, shift)
            limits = limits_of(family, kind)
            values, grid = patches3(kind, frames, *limits) if family == "qwen3-vl" else patches(frames, *limits)
            found[kind].append((values, grid))
            tokens = int(grid.prod()) // MERGE**2
            runs = int(grid[0, 0]) if family == "qwen3-vl" else 1  # pairs of frames stand apart
            pads[kind] += [tokens // runs] * runs
        for kind, value_name, grid_name in (("image", "pixel_values", "image_grid_thw"), ("video", "pixel_values_videos", "video_grid_thw")):
            if found[kind]:
                self.inputs[value_name] = torch.cat([values for values, _ in found[kind]])
                self.inputs[grid_name] = torch.cat([grid for _, grid in found[kind]])
        content = [{"type": "text", "text": p} if isinstance(p, str) else {"type": p[0]} for p in parts]
        environment = jinja2.Environment(trim_blocks=True, lstrip_blocks=True)
        self.text = environment.from_string(TEMPLATE).render(messages=[{"role": "user", "content": content}], add_generation_prompt=True)
        if family == "qwen3-vl":  # the times of pairs of frames, as Qwen3VLProcessor of 4.57 writes them
            for kind, count, *_, in visual:
                if kind == "video":
                    rate = next(part[5] for part in visual if part[0] == "video" and part[1] == count)
                    times = [i / rate for i in range(count)]
                    times += [times[-1]] * (count % 2)
                    pairs = [(a + b) / 2 for a, b in zip(times[::2], times[1::2])]
                    written = "".join(f"<{t:.1f} seconds><|vision_start|><|video_pad|><|vision_end|>" for t in pairs)
                    self.text = self.text.replace("<|vision_start|><|video_pad|><|vision_end|>", written, 1)
        ids = []
        remaining = {tokenizer.token_to_id(f"<|{kind}_pad|>"): iter(pads[kind]) for kind in pads}
        for token in tokenizer.encode(self.text, add_special_tokens=False).ids:
            ids += [token] * (next(remaining[token]) if token in remaining else 1)
        self.ids = ids
        types = {tokenizer.token_to_id("<|image_pad|>"): 1, tokenizer.token_to_id("<|video_pad|>"): 2}
        self.types = [types.get(token, 0) for token in ids]
        self.seconds = [2 / part[5] for part in visual if part[0] == "video"]


def model_inputs(model, case, family):
    inputs = dict(case.inputs, input_ids=torch.tensor([case.ids]), mm_token_type_ids=torch.tensor([case.types], dtype=torch.int32))
    if family == "qwen2.5-vl" and case.seconds:
        inputs["second_per_grid_ts"] = torch.tensor(case.seconds)
    return inputs


def published_positions(model, inputs):
    """get_rope_index, but that what follows a visual input goes on past the largest position of all three kinds."""
    if not any(name.endswith("grid_thw") for name in inputs):
        row = torch.arange(inputs["input_ids"].shape[1]).expand(3, 1, -1)
        return row.clone()
    arguments = {k: v for k, v in inputs.items() if not k.startswith("pixel")}
    positions, _ = model.model.get_rope_index(**arguments)
    types = inputs["mm_token_type_ids"][0].tolist()
    start = 0
    for token in range(1, len(types) + 1):
        if token < len(types) and types[token] == types[start]:
            continue
        if start > 0:  # move this run, and all that follow, behind the run before
            shift = positions[:, 0, :start].max() + 1 - positions[:, 0, start].min()
            positions[:, 0, start:] += shift
        start = token
    return positions


def greedy(model, inputs, positions):
    """Greedy decoding by whole passes with explicit positions."""
    inputs = dict(inputs)
    tokens = []
    logits = None
    for _ in range(GENERATED):
        out = model(**inputs, position_ids=positions, use_cache=False).logits[0]
        logits = out if logits is None else logits
        tokens.append(int(out[-1].argmax()))
        if tokens[-1] == model.config.text_config.eos_token_id:
            break
        inputs["input_ids"] = torch.cat([inputs["input_ids"], torch.tensor([[tokens[-1]]])], 1)
        inputs["mm_token_type_ids"] = torch.cat([inputs["mm_token_type_ids"], torch.zeros(1, 1, dtype=torch.int32)], 1)
        positions = torch.cat([positions, positions.max().expand(3, 1, 1) + 1], 2)
    return tokens, logits


def rounded(values):
    return [float(f"{float(v):.7g}") for v in values.flatten()]


def gradients(model, case, inputs, completion):
    """d mean(-log p(completion)) / d parameter at up to 24 evenly spaced places of each tensor."""
    ids = torch.tensor([case.ids + completion])
    types = torch.tensor([case.types + [0] * len(completion)], dtype=torch.int32)
    logits = model(**{**inputs, "input_ids": ids, "mm_token_type_ids": types}).logits[0]
    rows = logits[len(case.ids) - 1 : -1]
    loss = torch.nn.functional.cross_entropy(rows, torch.tensor(completion))
    names = [name for name, _ in model.named_parameters()]
    grads = torch.autograd.grad(loss, list(model.parameters()), allow_unused=True)
    picked = {}
    for name, grad in zip(names, grads):
        if grad is None:
            continue
        flat = grad.flatten()
        step = max(1, len(flat) // 24)
        picked[name] = {"step": step, "values": rounded(flat[::step][:24])}
    return {"completion": completion, "loss": float(loss.detach()), "tensors": picked}


def all_features(features):
    """Embeddings [N, d], and beside them what DeepStack adds to the first decoder layers."""
    deep = [torch.cat(list(level)) for level in getattr(features, "deepstack_features", None) or []]
    return torch.cat([torch.cat(list(features.pooler_output)), *deep], dim=1)


def write(family):
    out = root / family
    out.mkdir(parents=True, exist_ok=True)
    tokenizer = make_tokenizer()
    tokenizer.save(str(out / "tokenizer.json"))
    (out / "chat_template.jinja").write_text(TEMPLATE)
    for file, kind in (("preprocessor_config.json", "image"), ("video_preprocessor_config.json", "video")):
        least, most = limits_of(family, kind)
        processor = dict(patch_size=PATCH, merge_size=MERGE, temporal_patch_size=2)
        (out / file).write_text(json.dumps({**processor, "size": {"shortest_edge": least, "longest_edge": most}}))
    model = make_model(family, tokenizer)
    model.save_pretrained(out)
    model = type(model).from_pretrained(out, dtype=torch.float32).eval()  # .float() would keep the rotary tables rounded
    question = "what happens in this video?"
    cases = [
        Case("video of an odd number of frames", [("video", 5, 45, 60, 0, 1.5), question], tokenizer, family),
        Case("image", [("image", 1, 45, 60, 100), "what is this?"], tokenizer, family),
        Case("two images and a video", [("image", 1, 40, 33, 7), ("image", 1, 20, 56, 3), " and ", ("video", 2, 33, 33, 9, 2.0), "compare"], tokenizer, family),
        Case("text", ["who walks a dog?"], tokenizer, family),
        Case("video whose times reach past its sides", [("video", 10, 18, 25, 50, 0.3), question], tokenizer, family),
    ]
    written = []
    for case in cases:
        inputs = model_inputs(model, case, family)
        positions = published_positions(model, inputs)
        with torch.no_grad():
            tokens, logits = greedy(model, inputs, positions)
            model.model.rope_deltas = None
            own_positions = model.model.get_rope_index(**{k: v for k, v in inputs.items() if not k.startswith("pixel")})[0] if case.inputs else positions
            agrees = bool((own_positions == positions).all())
            if agrees:  # then the model's own path must say the same
                own = model.generate(**inputs, attention_mask=torch.ones(1, len(case.ids), dtype=torch.long), do_sample=False, max_new_tokens=GENERATED, pad_token_id=0)
                assert own[0, len(case.ids):].tolist() == tokens, (case.name, own[0, len(case.ids):].tolist(), tokens)
                model.model.rope_deltas = None
                assert torch.allclose(model(**inputs).logits[0], logits, atol=1e-6)
            embeddings = None
            if case.name.startswith("video of"):
                features = model.model.get_video_features(case.inputs["pixel_values_videos"], case.inputs["video_grid_thw"])
                embeddings = all_features(features)
            if case.name == "image":
                features = model.model.get_image_features(case.inputs["pixel_values"], case.inputs["image_grid_thw"])
                embeddings = all_features(features)
        model.model.rope_deltas = None
        written.append({
            "name": case.name,
            "parts": [p if isinstance(p, str) else dict(zip(("kind", "frames", "height", "width", "shift", "framesPerSecond"), p)) for p in case.parts],
            "inputIds": case.ids,
            "positions": positions[:, 0].flatten().tolist(),
            "agreesWithTransformers": agrees,
            **({} if embeddings is None else {"embeddings": rounded(embeddings)}),
            "logits": rounded(logits[-4:]),
            "logitRows": 4,
            "greedy": tokens,
        })
        print(family, case.name, len(case.ids), agrees, tokens)
    completion = tokenizer.encode("a dog walks", add_special_tokens=False).ids + [tokenizer.token_to_id("<|im_end|>")]
    first = cases[0]
    (out / "golden.json").write_text(json.dumps({
        "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
        "cases": written,
        "gradients": {"case": 0, **gradients(model, first, model_inputs(model, first, family), completion)},
    }))


for family in sys.argv[1:] or ("qwen2-vl", "qwen2.5-vl", "qwen3-vl"):
    write(family)
