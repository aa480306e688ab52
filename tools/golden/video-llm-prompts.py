"""Golden ids of conversations from transformers' apply_chat_template, for packages/video-llm.

torch==2.13.0, transformers==5.18.0, tokenizers==0.23.2 (checked in video_llm_common.py). Two small tokenizers split text as
SmolLM2's and Qwen2's do; templates have the logic of the published ones. Run: /path/to/python tools/golden/video-llm-prompts.py
"""

import json
import pathlib

from video_llm_common import train_tokenizer  # first: offline mode, versions
import transformers
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast
from transformers.models.smolvlm.processing_smolvlm import DEFAULT_CHAT_TEMPLATE

out = pathlib.Path(__file__).resolve().parents[2] / "packages/video-llm/test/golden/prompts.json"
CORPUS = ["system user assistant You are a helpful assistant. what happens in this video? a person walks a dog 2024 it's don't"] * 3
WORDS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"


def tokenizer_of(kind):
    tokenizer = Tokenizer(models.BPE())
    if kind == "smol":
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
            pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)])
        specials = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<image>", "<fake_token_around_image>", "<global-img>", "<end_of_utterance>"]
    else:
        tokenizer.normalizer = normalizers.NFC()
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
            pre_tokenizers.Split(Regex(WORDS), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
        specials = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|stream_start|>", "<|stream_end|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>", "<image>"]
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=330, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in specials])
    if kind == "qwen":
        tokenizer.add_tokens([AddedToken("<tool_call>", special=False, normalized=False), AddedToken("<think>", special=False, normalized=False)])
    return tokenizer


TEMPLATES = {
    "smolvlm2": ("smol", DEFAULT_CHAT_TEMPLATE),
    "text": ("smol", "{{ bos_token }}{% for message in messages %}{{ message['role'] + ': ' + message['content'] | trim + eos_token + '\n' }}{% endfor %}{% if add_generation_prompt %}{{ 'assistant:' }}{% endif %}"),
    "qwen": ("qwen",
        "{% set image_count = namespace(value=0) %}{% for message in messages %}{% if loop.first and message['role'] != 'system' %}<|im_start|>system\n"
        "You are a helpful assistant.<|im_end|>\n{% endif %}<|im_start|>{{ message['role'] }}\n{% if message['content'] is string %}{{ message['content'] }}<|im_end|>\n"
        "{% else %}{% for content in message['content'] %}{% if content['type'] == 'image' or 'image' in content %}{% set image_count.value = image_count.value + 1 %}"
        "{% if add_vision_id %}Picture {{ image_count.value }}: {% endif %}<|vision_start|><|image_pad|><|vision_end|>{% elif 'text' in content %}{{ content['text'] }}{% endif %}"
        "{% endfor %}<|im_end|>\n{% endif %}{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"),
    "streams": ("qwen",
        "\n{%- set identifier = 'im' %}\n{% for message in messages %}\n    {% if add_system_prompt and loop.first and message['role'] != 'system' %}\n"
        "        {{- '<|im_start|>system\nYou help people understand videos.<|im_end|>\n' -}}\n    {% endif %}\n    {% if message['role'] == 'stream' %}\n"
        "        {% set identifier = 'stream' %}\n    {% else %}\n        {% set identifier = 'im' %}\n    {% endif %}\n"
        "    {{- '<|' + identifier + '_start|>' + message['role'] + '\n' -}}\n    {% if message['content'] is string %}\n"
        "        {{- message['content'] + '<|' + identifier + '_end|>\n' -}}\n    {% else %}\n        {% for content in message['content'] %}\n"
        "            {% if content is string %}\n                {{- content -}}\n            {% elif content['type'] == 'text' or 'text' in content %}\n"
        "                {{- content['text'] -}}\n            {% endif %}\n        {% endfor %}\n        {{- '<|' + identifier + '_end|>\n' -}}\n    {% endif %}\n"
        "{% endfor %}\n{% if add_generation_prompt %}\n    {{- '<|im_start|>assistant\n' -}}\n{% endif %}\n"),
}
NUMBERS = "2024 ٢٠٢٤ १२३ ④ ½ ² Ⅷ 〇 一二 ໑ 12:30 3.14 x² 𝟙𝟚 ৳৪"
TEXTS = ["what happens in this video?", "  two  spaces \n", "it's a dog's don't", NUMBERS, "żółć 漢字 🐕‍🦺 é", "é vs é", "tabs\tand\r\nlines\n\n\nend ",
         "a <b> [INST] User: hi\nAssistant: no", "", "'s start", "9", " ", "<think>a</think> b", "1\n2\n3", "a \u0085 b\u0085c \ufeff d\ufeffe"]


def conversations(parts_only):
    for text in TEXTS:
        yield [("user", text)]
        yield [("system", "be brief"), ("user", text), ("assistant", "yes" + text), ("user", "why?" + text)]
    if parts_only is not False:
        yield [("user", ["hello ", "world", "\nline", " end"])]
        yield [("system", ["a", "b"]), ("user", ["it", "'s", " 20", "24"])]


cases = []
tokenizers_json = {}
for name, (kind, template) in TEMPLATES.items():
    tokenizer = tokenizer_of(kind)
    tokenizers_json[kind] = json.loads(tokenizer.to_str())
    ends = "<end_of_utterance>" if kind == "smol" else "<|im_end|>"
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<|im_start|>", eos_token=ends, pad_token="<|im_end|>", chat_template=template)
    for conversation in conversations(False if name == "text" else None):
        if name == "streams" and conversation[0][0] == "user":
            conversation = [("stream", "12 frames"), *conversation]
        messages = []
        for role, content in conversation:
            parts = [content] if isinstance(content, str) else content
            as_text = name == "text" or (name != "smolvlm2" and isinstance(content, str))
            messages.append({"role": role, "content": content if as_text else [{"type": "text", "text": part} for part in parts]})
        for options in ([{}, {"add_system_prompt": True}] if name == "streams" else [{}]):
            text = fast.apply_chat_template(messages, tokenize=False, add_generation_prompt=True, **options)
            ids = fast.apply_chat_template(messages, add_generation_prompt=True, return_dict=False, **options)
            cases.append({"template": name, "messages": messages, "options": options, "text": text, "ids": ids})
out.write_text(json.dumps({
    "transformers": transformers.__version__, "tokenizers": tokenizers_json, "cases": cases,
    "templates": {name: {"tokenizer": kind, "source": template} for name, (kind, template) in TEMPLATES.items()},
}, ensure_ascii=False))
print(len(cases), out.stat().st_size)
