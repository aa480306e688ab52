"""Golden values for packages/video-llm: checkpoints in the dialects that are published, computed by transformers.

torch==2.13.0, transformers==5.18.0 (checked in video_llm_common.py). Keys and values are those of published config.json files
(HuggingFaceTB/SmolVLM2-500M-Video-Instruct and -2.2B-Instruct, DAMO-NLP-SG/VideoLLaMA3-2B, Qwen/Qwen2-VL-2B-Instruct and
fine-tunes of it, Qwen/Qwen2.5-VL-3B-Instruct, Qwen/Qwen3-VL-2B-Instruct), with small widths and few layers. Weights are a
formula of a tensor's name and an index (`weight`), repeated in test/formula-weights.ts, so that none are stored.
Run: /path/to/python tools/golden/video-llm-dialects.py
"""

import json
import pathlib

import video_llm_common  # noqa: F401  first: offline mode, versions
import torch
import transformers
from transformers import AutoConfig, AutoModelForImageTextToText, Qwen2Config, Qwen2ForCausalLM

from video_llm_weights import pixels, weight

out = pathlib.Path(__file__).resolve().parents[2] / "packages/video-llm/test/golden/dialects.json"
PREFIXES = {
    "video_llama_3": [("model.vision_model.", "model.vision_encoder."), ("model.projector.", "model.mm_projector.")],
    "smolvlm": [("model.vision_model.", "model.vision_encoder."), ("model.connector.modality_projection.", "model.mm_projector."), ("model.text_model.", "model.")],
    "qwen": [("model.visual.", "visual.")],
}
VOCABULARY = 128
TEXT_IDS = [(i * 37 + 11) % 100 for i in range(24)]


def original_name(name, kind):
    for theirs, ours in PREFIXES.get(kind, PREFIXES["qwen"]) + [("model.language_model.", "model.")]:
        if name.startswith(theirs):
            return ours + name[len(theirs):]
    return name


def fill(model, kind, dtype):
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(weight(original_name(name, kind), tuple(parameter.shape)).to(dtype))
    return model.eval()


def merge_order(frames, patch, merge, span):
    """Patches over groups of `span` frames in merge-block order [N, C span p p], of pixels scaled to (-1, 1)."""
    values = torch.from_numpy(frames).permute(0, 3, 1, 2).float() / 255 * 2 - 1
    if len(values) % span:
        values = torch.cat([values, values[-1:].expand(span - len(values) % span, -1, -1, -1)])
    groups, (h, w) = len(values) // span, (values.shape[2] // patch, values.shape[3] // patch)
    x = values.reshape(groups, span, 3, h // merge, merge, patch, w // merge, merge, patch)
    return x.permute(0, 3, 6, 4, 7, 2, 1, 5, 8).reshape(groups * h * w, -1), torch.tensor([[groups, h, w]])


def rounded(values):
    return [float(f"{float(v):.7g}") for v in values.flatten()]


def resolved(config):
    """What transformers makes of the decoder's and the vision encoder's keys."""
    text = config.get_text_config()
    kv = text.num_key_value_heads
    return {
        "vocabularySize": text.vocab_size, "hiddenSize": text.hidden_size, "intermediateSize": text.intermediate_size,
        "layers": text.num_hidden_layers, "heads": text.num_attention_heads, "keyValueHeads": kv,
        "headSize": getattr(text, "head_dim", None) or text.hidden_size // text.num_attention_heads,
        "rmsNormEps": text.rms_norm_eps, "ropeTheta": text.rope_parameters["rope_theta"],
        "tieWordEmbeddings": config.tie_word_embeddings,
        "vision": {key: list(value) if isinstance(value, tuple) else value for key, value in config.vision_config.to_dict().items()
                   if key in ("hidden_size", "embed_dim", "intermediate_size", "num_hidden_layers", "depth", "num_attention_heads",
                              "num_heads", "patch_size", "image_size", "hidden_act", "layer_norm_eps", "mlp_ratio", "temporal_patch_size",
                              "spatial_merge_size", "window_size", "fullatt_block_indexes", "tokens_per_second", "out_hidden_size",
                              "num_position_embeddings", "deepstack_visual_indexes")},
    }


def greedy(model, ids, count=6):
    ids = list(ids)
    for _ in range(count):
        ids.append(int(model(input_ids=torch.tensor([ids]), use_cache=False).logits[0, -1].argmax()))
    return ids[-count:]


def case(name, json_config, dtype=torch.float32, shards=1, visual=None):
    """`visual`: (kind, frames, height, width), with pixels that need no resize."""
    kind = json_config["model_type"]
    own = json.loads(json.dumps(json_config))
    if kind == "videollama3_qwen2":  # the authors' class is Qwen2ForCausalLM with a vision encoder beside it
        for key in ("model_type", "vision_encoder_config"):
            own.pop(key, None)
        model = fill(Qwen2ForCausalLM(Qwen2Config(**own)), kind, dtype)
    else:
        own.pop("model_type")
        config = AutoConfig.for_model(kind, **own)
        model = fill(AutoModelForImageTextToText.from_config(config), kind, dtype)
    result = {"name": name, "config": json_config, "dtype": str(dtype).split(".")[1], "shards": shards}
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([TEXT_IDS])).logits[0]
        result["logits"] = rounded(logits[-2:])
        result["greedy"] = greedy(model, TEXT_IDS)
        if visual:
            frames = pixels(*visual)
            result["frames"] = list(visual)
            result["embeddings"] = rounded(embed(model, kind, frames)[:, ::3])
            if kind == "video_llama_3":  # an image keeps its patches
                values, grid = merge_order(frames[:1], model.config.vision_config.patch_size, 1, 1)
                found = model.model.get_image_features(pixel_values=values, image_grid_thw=grid, image_merge_sizes=torch.tensor([1]))
                result["imageEmbeddings"] = rounded(torch.cat(list(found.pooler_output))[:, ::3])
    print(name, result["greedy"])
    return result


def embed(model, kind, frames):
    vision = model.config.vision_config
    if kind == "smolvlm":
        values = torch.from_numpy(frames).permute(0, 3, 1, 2)[None].float() / 255 * 2 - 1
        return torch.cat(list(model.model.get_image_features(values).pooler_output))
    if kind == "video_llama_3":
        values, grid = merge_order(frames, vision.patch_size, 2, 1)
        found = model.model.get_video_features(pixel_values_videos=values, video_grid_thw=grid, video_merge_sizes=torch.tensor([2]))
        return torch.cat(list(found.pooler_output))
    values, grid = merge_order(frames, vision.patch_size, vision.spatial_merge_size, vision.temporal_patch_size)
    found = model.model.get_video_features(pixel_values_videos=values, video_grid_thw=grid)
    main = torch.cat(list(found.pooler_output))
    deep = [torch.cat(list(level)) for level in getattr(found, "deepstack_features", None) or []]
    return torch.cat([main, *deep], dim=1)


SMALL = dict(hidden_size=32, intermediate_size=40, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, vocab_size=VOCABULARY)
VL3_VISION = dict(hidden_size=24, intermediate_size=32, model_type="videollama3_vision_encoder", num_attention_heads=2, num_hidden_layers=1, patch_size=4)
AUTHORS = dict(
    architectures=["Videollama3Qwen2ForCausalLM"], attention_dropout=0.0, bos_token_id=1, eos_token_id=2, hidden_act="silu",
    initializer_range=0.02, max_position_embeddings=64, max_window_layers=21, mm_projector_type="mlp2x_gelu",
    model_type="videollama3_qwen2", rms_norm_eps=1e-6, rope_scaling=None, rope_theta=1000000.0, sliding_window=None,
    tie_word_embeddings=True, use_sliding_window=False, use_token_compression=True, vision_encoder=None, vision_encoder_config=VL3_VISION, **SMALL,
)


def authors(**changes):
    config = {**AUTHORS, **changes}
    return {key: value for key, value in config.items() if value != "absent"}


QWEN_VISION = dict(depth=2, num_heads=2, in_chans=3, patch_size=4, spatial_merge_size=2, spatial_patch_size=14, temporal_patch_size=2)
QWEN2 = dict(
    architectures=["Qwen2VLForConditionalGeneration"], attention_dropout=0.0, bos_token_id=1, eos_token_id=2, hidden_act="silu",
    max_position_embeddings=64, max_window_layers=28, model_type="qwen2_vl", rms_norm_eps=1e-6, sliding_window=32768,
    tie_word_embeddings=True, use_sliding_window=False, vision_config=dict(QWEN_VISION, embed_dim=24, mlp_ratio=4, hidden_size=32),
    image_token_id=100, video_token_id=101, vision_start_token_id=102, vision_end_token_id=103, **SMALL,
)
QWEN25 = {
    **QWEN2, "architectures": ["Qwen2_5_VLForConditionalGeneration"], "model_type": "qwen2_5_vl", "tie_word_embeddings": False,
    "rope_theta": 1000000.0,
    "vision_config": dict(QWEN_VISION, hidden_size=24, intermediate_size=36, out_hidden_size=32, window_size=16, fullatt_block_indexes=[1],
                          tokens_per_second=2, hidden_act="silu", model_type="qwen2_5_vl"),
}
QWEN3_TEXT = dict(
    attention_bias=False, attention_dropout=0.0, bos_token_id=1, eos_token_id=2, dtype="bfloat16", head_dim=16, hidden_act="silu",
    max_position_embeddings=256, model_type="qwen3_vl_text", rms_norm_eps=1e-6, rope_theta=5000000, use_cache=True, tie_word_embeddings=True,
    rope_scaling=dict(mrope_interleaved=True, mrope_section=[4, 2, 2], rope_type="default"), **SMALL,
)
QWEN3 = dict(
    architectures=["Qwen3VLForConditionalGeneration"], image_token_id=100, video_token_id=101, vision_start_token_id=102,
    vision_end_token_id=103, model_type="qwen3_vl", tie_word_embeddings=True, text_config=QWEN3_TEXT,
    vision_config=dict(deepstack_visual_indexes=[0, 2], depth=3, hidden_act="gelu_pytorch_tanh", hidden_size=24, in_channels=3,
                       intermediate_size=36, model_type="qwen3_vl", num_heads=2, num_position_embeddings=36, out_hidden_size=32,
                       patch_size=4, spatial_merge_size=2, temporal_patch_size=2),
)
SMOL = dict(
    architectures=["SmolVLMForConditionalGeneration"], image_token_id=100, model_type="smolvlm", pad_token_id=128002, scale_factor=4,
    text_config=dict(architectures=["VLlama3ForCausalLM"], head_dim=16, is_llama_config=True, max_position_embeddings=8192,
                     model_type="llama", neftune_noise_alpha=0.0, pad_token_id=2, pixel_shuffle_factor=4, qk_layer_norms=False,
                     rms_norm_eps=1e-5, rope_interleaved=False, rope_theta=100000, use_resampler=False, **SMALL),
    tie_word_embeddings=False, use_cache=False, use_reentrant_checkpointing=False,
    vision_config=dict(hidden_size=24, image_size=32, max_image_size=dict(longest_edge=512), model_type="smolvlm_vision",
                       num_attention_heads=2, patch_size=4, size=dict(longest_edge=2048), tie_word_embeddings=False, use_base_siglip=False),
    vocab_size=VOCABULARY,
)
NESTED = dict(
    model_type="video_llama_3", architectures=["VideoLlama3ForConditionalGeneration"], image_token_id=100, video_token_id=101,
    text_config=dict(model_type="qwen2", max_position_embeddings=32, tie_word_embeddings=True, **SMALL),
    vision_config=dict(model_type="video_llama_3_vision", hidden_size=24, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2, patch_size=4),
)
LLAMA3 = dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=16)


def with_text(config, **changes):
    text = {**config["text_config"], **changes}
    return {**config, "text_config": {key: value for key, value in text.items() if value != "absent"}}


cases = [
    case("VideoLLaMA3 as its authors published it, sharded bfloat16", authors(), torch.bfloat16, 3),
    case("no rope_theta: the class's 10000", authors(rope_theta="absent")),
    case("linear by its old name", authors(rope_scaling=dict(type="linear", factor=4.0))),
    case("dynamic, within the context it was trained with", authors(rope_scaling=dict(rope_type="dynamic", factor=2.0))),
    case("yarn by its old name", authors(rope_theta=10000.0, rope_scaling=dict(type="yarn", factor=4.0, original_max_position_embeddings=16))),
    case("yarn with a factor of attention, borders not rounded, key heads null",
         authors(num_key_value_heads=None, rope_theta=10000.0, rope_scaling=dict(rope_type="yarn", factor=4.0, attention_factor=0.7, truncate=False, original_max_position_embeddings=16))),
    case("an untied decoder with exact GELU and fewer key heads by default", authors(tie_word_embeddings=False, hidden_act="gelu")),
    case("VideoLLaMA3 nested: yarn by its new name, tied in text_config, base of the vision encoder's angles and its GELU",
         {**with_text(NESTED, rope_parameters=dict(rope_type="yarn", rope_theta=10000.0, factor=4.0, beta_fast=16.0, mscale=1.0, mscale_all_dim=0.5)),
          "vision_config": {**NESTED["vision_config"], "rope_theta": 100.0, "hidden_act": "gelu"}}, visual=(2, 16, 24)),
    case("VideoLLaMA3 nested: llama3", with_text(NESTED, rope_theta=10000.0, rope_scaling=LLAMA3)),
    case("SmolVLM2-500M: no intermediate_size, no num_hidden_layers of the vision encoder", SMOL, visual=(1, 32, 32)),
    case("SmolVLM2-2.2B: no num_attention_heads, a side that patches do not fill, tied, llama3",
         {**with_text(SMOL, num_attention_heads="absent", num_key_value_heads="absent", head_dim="absent", hidden_size=64, rope_parameters={**LLAMA3, "rope_theta": 130000.0}, rope_theta="absent"),
          "tie_word_embeddings": True, "scale_factor": 2,
          "vision_config": {**SMOL["vision_config"], "intermediate_size": 32, "num_hidden_layers": 2, "image_size": 26, "patch_size": 6}}, visual=(1, 26, 26)),
    case("SmolVLM2 with yarn, mscale_all_dim alone, the trained length beside it, the base inside",
         with_text(SMOL, original_max_position_embeddings=16, rope_theta="absent", rope_scaling=dict(rope_type="yarn", factor=4.0, mscale_all_dim=0.7, rope_theta=10000.0))),
    case("SmolVLM2 with linear", with_text(SMOL, rope_scaling=dict(rope_type="linear", factor=2.0))),
    case("Qwen2-VL as published: flat, mrope", {**QWEN2, "rope_theta": 1000000.0, "rope_scaling": dict(type="mrope", mrope_section=[2, 1, 1])}, torch.bfloat16, 2, visual=(2, 16, 24)),
    case("Qwen2-VL without rope_theta, rope_type beside type", {**QWEN2, "rope_scaling": dict(mrope_section=[2, 1, 1], rope_type="default", type="default")}),
    case("Qwen2-VL with yarn", {**QWEN2, "rope_theta": 10000.0, "rope_scaling": dict(type="yarn", mrope_section=[2, 1, 1], factor=4, original_max_position_embeddings=16)}),
    case("Qwen2.5-VL as published", {**QWEN25, "rope_scaling": dict(type="mrope", mrope_section=[2, 1, 1])}, torch.bfloat16, visual=(3, 24, 40)),
    case("Qwen2.5-VL with linear and quick GELU", {**QWEN25, "hidden_act": "quick_gelu", "rope_scaling": dict(rope_type="linear", factor=2.0, mrope_section=[2, 1, 1])}),
    case("Qwen3-VL as published", QWEN3, torch.bfloat16, visual=(3, 24, 40)),
    case("Qwen3-VL untied, llama3", {**with_text(QWEN3, rope_scaling={**LLAMA3, "mrope_section": [4, 2, 2]}), "tie_word_embeddings": False}),
]

# Sizes of published files at full width: nothing is computed, only what transformers makes of the keys.
PUBLISHED = {
    "SmolVLM2-256M": {**SMOL, "text_config": {**SMOL["text_config"], "head_dim": 64, "hidden_size": 576, "intermediate_size": 1536, "num_attention_heads": 9, "num_hidden_layers": 30, "num_key_value_heads": 3, "vocab_size": 49280},
                      "vision_config": {**SMOL["vision_config"], "hidden_size": 768, "image_size": 512, "num_attention_heads": 12, "patch_size": 16}},
    "SmolVLM2-500M": {**SMOL, "text_config": {**SMOL["text_config"], "head_dim": 64, "hidden_size": 960, "intermediate_size": 2560, "num_attention_heads": 15, "num_hidden_layers": 32, "num_key_value_heads": 5, "vocab_size": 49280},
                      "vision_config": {**SMOL["vision_config"], "hidden_size": 768, "image_size": 512, "num_attention_heads": 12, "patch_size": 16}},
    "SmolVLM2-2.2B": {**SMOL, "scale_factor": 3, "text_config": dict(architectures=["VLlama3ForCausalLM"], head_dim=64, hidden_size=2048, intermediate_size=8192, max_position_embeddings=8192, model_type="llama", num_hidden_layers=24, num_key_value_heads=32, pad_token_id=2, rms_norm_eps=1e-5, rope_theta=130000, vocab_size=49280),
                      "vision_config": dict(hidden_size=1152, image_size=384, intermediate_size=4304, model_type="smolvlm_vision", num_hidden_layers=27, patch_size=14)},
    "Qwen2-VL-2B with a sparse vision_config": {**QWEN2, "hidden_size": 1536, "intermediate_size": 8960, "num_attention_heads": 12, "num_hidden_layers": 28, "vocab_size": 151936,
                                               "rope_scaling": dict(mrope_section=[16, 24, 24], rope_type="default", type="default"), "vision_config": dict(hidden_size=1536, in_chans=3, model_type="qwen2_vl", spatial_patch_size=14)},
    "Qwen2.5-VL-3B": {**QWEN25, "hidden_size": 2048, "intermediate_size": 11008, "num_attention_heads": 16, "num_hidden_layers": 36, "vocab_size": 151936, "tie_word_embeddings": True,
                      "rope_scaling": dict(type="mrope", mrope_section=[16, 24, 24]), "vision_config": dict(depth=32, hidden_act="silu", hidden_size=1280, intermediate_size=3420, num_heads=16, in_chans=3, out_hidden_size=2048, patch_size=14, spatial_merge_size=2, spatial_patch_size=14, window_size=112, fullatt_block_indexes=[7, 15, 23, 31], tokens_per_second=2, temporal_patch_size=2)},
    "Qwen3-VL-2B": {**QWEN3, "text_config": {**QWEN3_TEXT, "head_dim": 128, "hidden_size": 2048, "intermediate_size": 6144, "max_position_embeddings": 262144, "num_attention_heads": 16, "num_hidden_layers": 28, "num_key_value_heads": 8, "vocab_size": 151936, "rope_scaling": dict(mrope_interleaved=True, mrope_section=[24, 20, 20], rope_type="default")},
                    "vision_config": dict(deepstack_visual_indexes=[5, 11, 17], depth=24, hidden_act="gelu_pytorch_tanh", hidden_size=1024, in_channels=3, intermediate_size=4096, model_type="qwen3_vl", num_heads=16, num_position_embeddings=2304, out_hidden_size=2048, patch_size=16, spatial_merge_size=2, temporal_patch_size=2)},
}


def published(json_config):
    own = json.loads(json.dumps(json_config))
    return {"config": json_config, "resolved": resolved(AutoConfig.for_model(own.pop("model_type"), **own))}


def wide(name, json_config):
    """Published widths, one layer of each kind and a short vocabulary."""
    config = json.loads(json.dumps(json_config))
    text = config.get("text_config", config)
    text.update(num_hidden_layers=1, vocab_size=512)
    vision, smol = config["vision_config"], config["model_type"] == "smolvlm"
    vision["num_hidden_layers" if smol else "depth"] = 1
    for key in {"fullatt_block_indexes", "deepstack_visual_indexes"} & set(vision):
        vision[key] = [0]
    own = json.loads(json.dumps(config))
    kind = own.pop("model_type")
    model = fill(AutoModelForImageTextToText.from_config(AutoConfig.for_model(kind, **own)), kind, torch.float32)
    side = model.config.vision_config.patch_size * 2
    visual = [1, vision["image_size"], vision["image_size"]] if smol else [2, 2 * side, 3 * side]
    ids = [(i * 37 + 11) % 480 for i in range(24)]
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([ids])).logits[0, -1]
        found = {"logits": rounded(logits), "greedy": greedy(model, ids, 4), "embeddings": rounded(embed(model, kind, pixels(*visual)).flatten()[::97])}
    print(name, found["greedy"], float(logits.abs().max()))
    return {"name": name, "config": config, "textIds": ids, "frames": visual, "halves": False, "step": 97, **found}


(out.parent / "published-widths.json").write_text(json.dumps({
    "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
    "cases": [wide(name, config) for name, config in PUBLISHED.items()],
}))
out.write_text(json.dumps({
    "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
    "textIds": TEXT_IDS, "cases": cases, "published": {name: published(config) for name, config in PUBLISHED.items()},
}))
print(out.stat().st_size, "bytes")
