"""Golden values for packages/video-llm from transformers' VideoLlama3ForConditionalGeneration.

torch==2.13.0, transformers==5.18.0, tokenizers==0.23.2 (checked in video_llm_common.py). Writes a checkpoint directory as transformers
saves it (random tiny weights) and the values it computes. Run: /path/to/python tools/golden/video-llm.py
"""

import base64
import json
import pathlib

from video_llm_common import train_tokenizer  # first: offline mode, versions
import numpy as np
import torch
import transformers
from transformers import VideoLlama3Config, VideoLlama3ForConditionalGeneration
from transformers.models.video_llama_3.image_processing_pil_video_llama_3 import VideoLlama3ImageProcessorPil

out = pathlib.Path(__file__).resolve().parents[2] / "packages/video-llm/test/golden/videollama3-hf"
out.mkdir(parents=True, exist_ok=True)

# Tokenizer: byte-level BPE with ChatML and visual placeholders.
text = "system user assistant Time 0.0s: 1.0s, what happens in this video? a person walks a dog in the park. yes no"
specials = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<image>", "<video>"]
tokenizer = train_tokenizer(text, 300, specials)
tokenizer.save(str(out / "tokenizer.json"))
image_id, video_id = (tokenizer.token_to_id(token) for token in ("<image>", "<video>"))

torch.manual_seed(1)
vocabulary = (tokenizer.get_vocab_size() + 2 + 7) // 8 * 8  # room for the alarm tokens
config = VideoLlama3Config(
    text_config=dict(
        model_type="qwen2", vocab_size=vocabulary, hidden_size=32, intermediate_size=48, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=512, rope_theta=10000.0,
        tie_word_embeddings=True, rms_norm_eps=1e-6,
    ),
    vision_config=dict(
        hidden_size=24, intermediate_size=40, num_hidden_layers=2, num_attention_heads=2, patch_size=4, num_channels=3,
    ),
    image_token_id=image_id,
    video_token_id=video_id,
    tie_word_embeddings=True,
)
model = VideoLlama3ForConditionalGeneration(config).eval()
with torch.no_grad():
    for parameter in model.parameters():
        parameter.add_(torch.randn_like(parameter) * (0.3 if parameter.dim() > 1 else 0.15))
model.save_pretrained(out)
(out / "video_preprocessor_config.json").write_text(json.dumps({
    "patch_size": 4, "merge_size": 2, "image_mean": [0.5] * 3, "image_std": [0.5] * 3,
    "size": {"shortest_edge": 64, "longest_edge": 65536},
}))

# Three noise frames; the second repeats the left third of the first, so that compression drops tokens.
rng = np.random.default_rng(0)
frames = rng.integers(0, 256, (3, 16, 24, 3), dtype=np.uint8)
frames[1, :, :8] = frames[0, :, :8]
times = [0.0, 1.0, 2.25]
# The video processor needs torchvision; frame by frame the image processor gives the same patches.
processor = VideoLlama3ImageProcessorPil(
    patch_size=4, merge_size=2, image_mean=[0.5] * 3, image_std=[0.5] * 3, do_resize=False,
)
patches = processor(list(frames), return_tensors="pt", input_data_format="channels_last")["pixel_values"]
grid = torch.tensor([[3, 4, 6]])
tokens = patches.view(3, 6, -1)
difference = (tokens[1:] - tokens[:-1]).abs().mean(-1) * 255
mask = torch.cat([torch.ones(1, 6, dtype=torch.bool), difference > 0.1])
mask[mask.sum(1) < 1, 0] = True
mask = mask.flatten()
video = dict(pixel_values_videos=patches, video_grid_thw=grid, video_merge_sizes=torch.tensor([2]))
counts = [int(part.sum()) for part in mask.split(len(mask) // 3)]
labels = ",".join(f"Time {t:.1f}s:" + "<video>" * n for t, n in zip(times, counts))
question = "what happens in this video?"
text = f"<|im_start|>user\n{labels}\n{question}<|im_end|>\n<|im_start|>assistant\n"
ids = tokenizer.encode(text, add_special_tokens=False).ids

inputs = dict(
    input_ids=torch.tensor([ids]),
    pixel_values_videos=video["pixel_values_videos"],
    video_grid_thw=video["video_grid_thw"],
    video_merge_sizes=video["video_merge_sizes"],
    video_compression_mask=mask,
)
with torch.no_grad():
    logits = model(**inputs).logits[0]
    greedy = model.generate(
        **inputs, attention_mask=torch.ones(1, len(ids), dtype=torch.long), do_sample=False, max_new_tokens=16,
        eos_token_id=tokenizer.token_to_id("<|im_end|>"), pad_token_id=0,
    )[0, len(ids):]
    penalized = model.generate(
        **inputs, attention_mask=torch.ones(1, len(ids), dtype=torch.long), do_sample=False, max_new_tokens=16,
        repetition_penalty=1.8, eos_token_id=tokenizer.token_to_id("<|im_end|>"), pad_token_id=0,
    )[0, len(ids):]
    features = model.model.get_video_features(
        video["pixel_values_videos"], video["video_grid_thw"], video["video_merge_sizes"]
    ).pooler_output
    embeddings = torch.cat(list(features))[mask]

rounded = lambda values: [round(float(v), 7) for v in values.flatten()]
(out / "golden.json").write_text(json.dumps({
    "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
    "frames": base64.b64encode(frames.tobytes()).decode(),
    "dims": list(frames.shape),
    "timestampsSeconds": times,
    "question": question,
    "text": text,
    "inputIds": ids,
    "frameTokenCounts": counts,
    "embeddings": rounded(embeddings),
    "logits": rounded(logits[-6:]),
    "logitRows": 6,
    "greedy": greedy.tolist(),
    "penalized": penalized.tolist(),
}))
print(len(ids), counts, greedy.tolist())
