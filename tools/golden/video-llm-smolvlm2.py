"""Golden values for packages/video-llm from transformers' SmolVLMForConditionalGeneration (SmolVLM2).

torch==2.13.0, transformers==5.18.0, tokenizers==0.23.2 (checked in video_llm_common.py). The prompt text follows SmolVLMProcessor, whose
parts are imported; the processor itself needs torchvision. Run: /path/to/python tools/golden/video-llm-smolvlm2.py
"""

import base64
import json
import pathlib

from video_llm_common import train_tokenizer  # first: offline mode, versions
import jinja2
import numpy as np
import torch
import transformers
from transformers import SmolVLMConfig, SmolVLMForConditionalGeneration
from transformers.models.smolvlm import processing_smolvlm as processing

out = pathlib.Path(__file__).resolve().parents[2] / "packages/video-llm/test/golden/smolvlm2"
out.mkdir(parents=True, exist_ok=True)

text = "User: Assistant: You are provided the following series of three frames. what happens in this video? a dog"
specials = ["<|endoftext|>", "<|im_start|>", "<end_of_utterance>", "<image>", "<fake_token_around_image>", "<global-img>"]
tokenizer = train_tokenizer(text, 300, specials)
tokenizer.save(str(out / "tokenizer.json"))
image_id = tokenizer.token_to_id("<image>")

torch.manual_seed(1)
vocabulary = (tokenizer.get_vocab_size() + 2 + 7) // 8 * 8
config = SmolVLMConfig(
    text_config=dict(
        model_type="llama", vocab_size=vocabulary, hidden_size=32, intermediate_size=48, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=512, rope_theta=10000.0,
        rms_norm_eps=1e-5, pad_token_id=0, tie_word_embeddings=False,
    ),
    vision_config=dict(
        hidden_size=24, intermediate_size=40, num_hidden_layers=2, num_attention_heads=2, patch_size=4, image_size=24,
        num_channels=3,
    ),
    image_token_id=image_id,
    scale_factor=3,
    tie_word_embeddings=False,
    pad_token_id=0,
)
model = SmolVLMForConditionalGeneration(config).eval()
with torch.no_grad():
    for parameter in model.parameters():
        parameter.add_(torch.randn_like(parameter) * (0.3 if parameter.dim() > 1 else 0.15))
model.save_pretrained(out)

frames = np.random.default_rng(0).integers(0, 256, (3, 24, 24, 3), dtype=np.uint8)
times = [0.0, 1.0, 62.25]
pixels = torch.from_numpy(frames).permute(0, 3, 1, 2)[None].float() / 255 * 2 - 1
count = (24 // 4 // 3) ** 2
picture = processing._prompt_single_image(
    count, fake_token_around_image="<fake_token_around_image>", image_token="<image>", global_image_token="<global-img>"
)
video = processing.DEFAULT_VIDEO_INTRO.format(frame_count="three", video_duration="0:01:02")
for t in times:
    video += processing.FRAME_TIMESTAMP_MESSAGE.format(timestamp=f"{int(t // 60):02d}:{int(t % 60):02d}") + picture
video += processing.DEFAULT_MEDIA_OUTTRO
question = "what happens in this video?"
environment = jinja2.Environment(trim_blocks=True, lstrip_blocks=True)
messages = [{"role": "user", "content": [{"type": "video"}, {"type": "text", "text": question}]}]
text = environment.from_string(processing.DEFAULT_CHAT_TEMPLATE).render(messages=messages, add_generation_prompt=True)
text = text.replace("<video>", video)
ids = tokenizer.encode(text, add_special_tokens=False).ids

with torch.no_grad():
    inputs = dict(input_ids=torch.tensor([ids]), pixel_values=pixels)
    logits = model(**inputs).logits[0]
    sampled = dict(attention_mask=torch.ones(1, len(ids), dtype=torch.long), do_sample=False, max_new_tokens=16,
                   eos_token_id=tokenizer.token_to_id("<end_of_utterance>"), pad_token_id=0)
    greedy = model.generate(**inputs, **sampled)[0, len(ids):]
    penalized = model.generate(**inputs, **sampled, repetition_penalty=1.8)[0, len(ids):]
    features = model.model.get_image_features(pixels)
    embeddings = getattr(features, "pooler_output", features)
    embeddings = torch.cat(list(embeddings)) if isinstance(embeddings, (list, tuple)) else embeddings

rounded = lambda values: [round(float(v), 7) for v in values.flatten()]
(out / "golden.json").write_text(json.dumps({
    "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
    "frames": base64.b64encode(frames.tobytes()).decode(),
    "dims": list(frames.shape),
    "timestampsSeconds": times,
    "question": question,
    "text": text,
    "inputIds": ids,
    "frameTokenCounts": [count] * 3,
    "embeddings": rounded(embeddings),
    "logits": rounded(logits[-6:]),
    "logitRows": 6,
    "greedy": greedy.tolist(),
    "penalized": penalized.tolist(),
}))
print(len(ids), greedy.tolist(), penalized.tolist())
