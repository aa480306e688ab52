"""Golden values for packages/video-llm from the authors' own code of VideoLLaMA3 (model, processor, image processor).

torch==2.13.0, transformers==4.46.3 (the version that code was written for), pillow below 13 (which may resize rows before columns, up to
18 grey levels elsewhere): all checked below; einops. The code is read from a checkout of
github.com/DAMO-NLP-SG/VideoLLaMA3 at 05cee23 (inference/transformers_api), unchanged but for this: modules that only read files are
empty, and flash attention, which needs a GPU, is given by its definition. Their other two ways of attention do not serve:
eager adds the mask as 0 and 1, so that frames see one another, and sdpa asks for a layer that is not there.
Writes test/golden/videollama3-authors*/ (checkpoints as 4.46.3 saves them, sharded bfloat16) and published-widths-authors.json.
Run: /path/to/python tools/golden/video-llm-authors.py CHECKOUT
"""

import base64
import json
import os
import pathlib
import sys
import types

os.environ["HF_HUB_OFFLINE"] = "1"
import numpy as np
import PIL
import torch
import transformers
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

from video_llm_weights import pixels, weight

for module, version in ((torch, "2.13.0"), (transformers, "4.46.3")):
    if not module.__version__.startswith(version):
        sys.exit(f"expected {module.__name__} {version}, found {module.__version__}")
if int(PIL.__version__.split(".")[0]) > 12:
    sys.exit(f"expected pillow below 13, found {PIL.__version__}")
for name in ("cv2", "ffmpeg", "imageio", "decord"):
    sys.modules[name] = types.ModuleType(name)
sys.modules["decord"].VideoReader = sys.modules["decord"].cpu = None
sys.path.insert(0, sys.argv[1])
from inference.transformers_api import modeling_videollama3_encoder as encoder
from inference.transformers_api.configuration_videollama3 import Videollama3Qwen2Config
from inference.transformers_api.image_processing_videollama3 import Videollama3ImageProcessor
from inference.transformers_api.modeling_videollama3 import Videollama3Qwen2ForCausalLM
from inference.transformers_api.processing_videollama3 import Videollama3Qwen2Processor


def attention_of_pieces(q, k, v, cu_q, cu_k, max_q, max_k):
    """What flash_attn_varlen_func computes: softmax attention within each piece of [S, heads, size]."""
    pieces = []
    for start, end in zip(cu_q[:-1].tolist(), cu_q[1:].tolist()):
        scores = torch.einsum("qhd,khd->hqk", q[start:end], k[start:end]) / q.shape[-1] ** 0.5
        pieces.append(torch.einsum("hqk,khd->qhd", scores.softmax(-1), v[start:end]))
    return torch.cat(pieces)


encoder.flash_attn_varlen_func = attention_of_pieces
encoder.VISION_ATTENTION_CLASSES["eager"] = encoder.VisionFlashAttention2
golden = pathlib.Path(__file__).resolve().parents[2] / "packages/video-llm/test/golden"

# The published template's logic.
TEMPLATE = (
    "\n{%- set identifier = 'im' %}\n{% for message in messages %}\n    {% if add_system_prompt and loop.first and message['role'] != 'system' %}\n"
    "        {{- '<|im_start|>system\nYou help people understand videos.<|im_end|>\n' -}}\n    {% endif %}\n    {% if message['role'] == 'stream' %}\n"
    "        {% set identifier = 'stream' %}\n    {% else %}\n        {% set identifier = 'im' %}\n    {% endif %}\n"
    "    {{- '<|' + identifier + '_start|>' + message['role'] + '\n' -}}\n    {% if message['content'] is string %}\n"
    "        {{- message['content'] + '<|' + identifier + '_end|>\n' -}}\n    {% else %}\n        {% for content in message['content'] %}\n"
    "            {% if content is string %}\n                {{- content -}}\n            {% elif content['type'] == 'text' or 'text' in content %}\n"
    "                {{- content['text'] -}}\n            {% elif content['type'] == 'image' or 'image' in content %}\n"
    "                {% if 'timestamp' in content %}\n                    {{- 'Time ' + content['timestamp'] | round(1) | string + 's: ' -}}\n"
    "                {% endif %}\n                {{- image_token + '\n' -}}\n            {% elif content['type'] == 'video' or 'video' in content %}\n"
    "                {% for i in range(content['num_frames']) %}\n                    {% if 'timestamps' in content %}\n"
    "                        {{- 'Time ' + content['timestamps'][i] | round(1) | string + 's:' -}}\n                    {% endif %}\n"
    "                    {% if i < content['num_frames'] - 1 %}\n                        {{- image_token + ',' -}}\n                    {% else %}\n"
    "                        {{- image_token + '\n' -}}\n                    {% endif %}\n                {% endfor %}\n            {% endif %}\n"
    "        {% endfor %}\n        {{- '<|' + identifier + '_end|>\n' -}}\n    {% endif %}\n{% endfor %}\n"
    "{% if add_generation_prompt %}\n    {{- '<|im_start|>assistant\n' -}}\n{% endif %}\n"
)


def tokenizer_of():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=290, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    tokenizer.train_from_iterator(["system user assistant Time 0.0s: 1.0s, what happens in this video? a dog"] * 2, trainer)
    specials = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<image>", "<|stream_start|>", "<|stream_end|>"]
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in specials])
    return transformers.Qwen2TokenizerFast(tokenizer_object=tokenizer, eos_token="<|im_end|>", pad_token="<|endoftext|>", unk_token=None, padding_side="right", chat_template=TEMPLATE)


# Keys of the published config.json; sizes of the encoder are one for both models.
PUBLISHED = dict(
    architectures=["Videollama3Qwen2ForCausalLM"], attention_dropout=0.0, bos_token_id=151643, eos_token_id=151645, hidden_act="silu",
    image_token_index=151665, initializer_range=0.02, max_position_embeddings=32768, mm_projector_type="mlp2x_gelu",
    model_type="videollama3_qwen2", rms_norm_eps=1e-6, rope_scaling=None, rope_theta=1000000.0, sliding_window=None, use_cache=False,
    use_sliding_window=False, use_token_compression=True, vision_encoder=None,
    vision_encoder_config=dict(hidden_size=1152, intermediate_size=4304, model_type="videollama3_vision_encoder", num_attention_heads=16, num_hidden_layers=27, patch_size=14),
)
SIZES = {
    "2B": dict(hidden_size=1536, intermediate_size=8960, max_window_layers=21, num_attention_heads=12, num_hidden_layers=28, num_key_value_heads=2, tie_word_embeddings=True, vocab_size=151936),
    "7B": dict(hidden_size=3584, intermediate_size=18944, max_window_layers=28, num_attention_heads=28, num_hidden_layers=28, num_key_value_heads=4, tie_word_embeddings=False, vocab_size=152064),
}
SMALL_VISION = dict(hidden_size=24, intermediate_size=32, model_type="videollama3_vision_encoder", num_attention_heads=2, num_hidden_layers=2, patch_size=4)
# The ratios of heads of both models: 6 and 7 queries per key.
SMALL = {
    "2B": dict(hidden_size=48, intermediate_size=56, num_attention_heads=12, num_hidden_layers=2),
    "7B": dict(hidden_size=56, intermediate_size=64, num_attention_heads=14, num_key_value_heads=2, num_hidden_layers=2),
}


def model_of(config, dtype):
    own = {key: value for key, value in config.items() if key != "model_type"}
    model = Videollama3Qwen2ForCausalLM(Videollama3Qwen2Config(**own, attn_implementation="eager")).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(weight(name, tuple(parameter.shape)))
    return model.to(dtype)


def frames_of(count, height, width):
    """Some tokens of every frame after the first are those of the frame before."""
    frames = pixels(count, height, width)
    for t in range(1, count):
        frames[t, :, : width // 2] = frames[t - 1, :, : width // 2]
    return frames


rounded = lambda values: [float(f"{float(v):.7g}") for v in values.flatten()]
grey = lambda values: base64.b64encode((values * 127.5 + 127.5).round().clamp(0, 255).to(torch.uint8).numpy().tobytes()).decode()


def asked(model, processor, conversation, **options):
    """What a user of the authors' code gets for a conversation."""
    inputs = processor(conversation=conversation, return_tensors="pt", add_generation_prompt=True, **options)
    inputs = {key: value if key == "modals" else torch.as_tensor(value) for key, value in inputs.items()}
    inputs["input_ids"] = inputs["input_ids"].reshape(1, -1)
    inputs["attention_mask"] = torch.ones_like(inputs["input_ids"])
    result = {}
    with torch.no_grad():
        if "pixel_values" in inputs:
            values = {key: inputs[key] for key in ("pixel_values", "grid_sizes", "merge_sizes")}
            features = model.encode_images(**values)
            counts = values["grid_sizes"].prod(1).div(values["merge_sizes"] ** 2).long()
            mask = model._get_compression_mask(values["pixel_values"], counts, values["grid_sizes"], values["merge_sizes"], inputs["modals"])
            kept, ids, *_ = model._compress_visual_tokens(mask, features, inputs["input_ids"][0])
            result.update(grid=values["grid_sizes"][0].tolist(), mergeSize=int(values["merge_sizes"][0]), pixels=grey(values["pixel_values"]), embeddings=rounded(kept[:, ::3]))
        else:
            ids = inputs["input_ids"][0]
        logits = model(**inputs).logits[0]
        greedy = model.generate(**inputs, do_sample=False, max_new_tokens=8, eos_token_id=None, pad_token_id=0)[0]
        if "pixel_values" not in inputs:
            greedy = greedy[-8:]
    return {**result, "inputIds": ids.tolist(), "logits": rounded(logits[-2:]), "greedy": greedy.tolist()}


def small(size, directory):
    tokenizer = tokenizer_of()
    image = tokenizer.convert_tokens_to_ids("<image>")
    end = tokenizer.convert_tokens_to_ids("<|im_end|>")
    config = {**PUBLISHED, **SIZES[size], **SMALL[size], "vision_encoder_config": SMALL_VISION, "vocab_size": len(tokenizer) + 8, "image_token_index": image, "bos_token_id": image - 3, "eos_token_id": end}
    model = model_of(config, torch.bfloat16)
    # The published preprocessor_config.json, but for patches.
    images = Videollama3ImageProcessor(image_mean=[0.5] * 3, image_std=[0.5] * 3, max_tokens=16384, min_tokens=16, patch_size=4)
    processor = Videollama3Qwen2Processor(images, tokenizer)
    for old in directory.glob("*"):
        old.unlink()
    directory.mkdir(exist_ok=True)
    model.save_pretrained(directory, max_shard_size="60KB")
    tokenizer.save_pretrained(directory)
    images.save_pretrained(directory)
    (directory / "chat_template.json").write_text(json.dumps({"chat_template": TEMPLATE}))
    for code in directory.glob("*.py"):  # remote code is the authors'
        code.unlink()
    model = Videollama3Qwen2ForCausalLM.from_pretrained(directory, torch_dtype=torch.float32, attn_implementation="eager").eval()  # angles in full precision
    cases = []
    for kind, (count, height, width), question, options in [
        ("video", (3, 50, 70), "what happens in this video?", {}), ("video", (1, 24, 40), "what?", {}), ("video", (2, 13, 9), "a dog", {"add_system_prompt": True}),
        ("image", (1, 44, 56), "what is this?", {}), ("image", (1, 9, 30), "a dog", {}), ("text", (0, 0, 0), "a dog in the park", {"add_system_prompt": True}),
    ]:
        frames = frames_of(count, height, width).transpose(0, 3, 1, 2)
        seconds = [round(t * 1.25, 2) for t in range(count)]
        visual = {"video": dict(type="video", video=list(frames), num_frames=count, timestamps=seconds), "image": dict(type="image", image=frames[0] if count else None)}
        parts = [visual[kind]] if kind in visual else []
        case = asked(model, processor, [{"role": "user", "content": [*parts, {"type": "text", "text": question}]}], **options)
        cases.append({"kind": kind, "frames": [count, height, width], "timestampsSeconds": seconds, "question": question, "options": options, **case})
        print(directory.name, kind, case.get("grid"), len(case["inputIds"]), case["greedy"])
    (directory / "golden.json").write_text(json.dumps({"versions": {"torch": torch.__version__, "transformers": transformers.__version__, "pillow": PIL.__version__}, "cases": cases}))
    for path in directory.glob("*.safetensors"):
        path.chmod(0o644)


def wide(size):
    """Published widths, one layer of each kind and a short vocabulary."""
    config = {**PUBLISHED, **SIZES[size], "num_hidden_layers": 1, "vocab_size": 512, "image_token_index": 500, "bos_token_id": 1, "eos_token_id": 2,
              "vision_encoder_config": {**PUBLISHED["vision_encoder_config"], "num_hidden_layers": 1}}
    model = model_of(config, torch.float32)
    frames = frames_of(2, 112, 140)
    values = Videollama3ImageProcessor(image_mean=[0.5] * 3, image_std=[0.5] * 3)([list(frames.transpose(0, 3, 1, 2))], merge_size=2, return_tensors="pt")
    ids = [(i * 37 + 11) % 480 for i in range(24)]
    with torch.no_grad():
        features = model.encode_images(**values)
        logits = model(input_ids=torch.tensor([ids])).logits[0, -1]
        greedy = list(ids)
        for _ in range(4):
            greedy.append(int(model(input_ids=torch.tensor([greedy])).logits[0, -1].argmax()))
    print(size, greedy[-4:], tuple(features.shape), float(logits.abs().max()))
    return {"name": f"VideoLLaMA3-{size}", "config": config, "textIds": ids, "logits": rounded(logits), "greedy": greedy[-4:], "frames": [2, 112, 140], "halves": True, "step": 97, "embeddings": rounded(features.flatten()[::97])}


for size in ("2B", "7B"):
    small(size, golden / f"videollama3-authors-{size.lower()}")
(golden / "published-widths-authors.json").write_text(json.dumps({
    "versions": {"torch": torch.__version__, "transformers": transformers.__version__, "pillow": PIL.__version__}, "cases": [wide("2B"), wide("7B")],
}))
