"""One GRPO step of ms-swift's real trainer on a CPU, with a tiny model made here and its rewards from safety-rewards serve.

usage: SAFETY_REWARDS_URL=... python check_ms_swift_training.py   (ms-swift 4.6, torch CPU)
"""
import json
import os
import tempfile
from pathlib import Path

os.environ["CUDA_VISIBLE_DEVICES"] = ""
HERE = Path(__file__).resolve().parent
RIGHT = "<think>t</think><answer>walk away</answer><vidType>1</vidType><textType>0</textType>"


def tiny_model(folder):
    """A model of one layer over whole words, taught to write the reference often, so that rewards differ within a group."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

    torch.manual_seed(0)
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    tags = [mark for tag in ("think", "answer", "vidType", "textType") for mark in (f"<{tag}>", f"</{tag}>")]
    words = [*special, "<unk>", *tags, "0", "1", "t", "walk", "away", "system", "user", "assistant", "describe", "the", "clip"]
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.add_special_tokens(special)
    tokenizer.add_tokens(tags)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token=special[0], eos_token=special[2], unk_token="<unk>")
    config = Qwen2Config(
        vocab_size=len(words), hidden_size=32, intermediate_size=64, num_hidden_layers=1, num_attention_heads=2,
        num_key_value_heads=1, pad_token_id=0, eos_token_id=2, bos_token_id=None, max_position_embeddings=512,
    )
    model = Qwen2ForCausalLM(config)
    ids = torch.tensor([fast(f"<|im_start|>user\ndescribe the clip<|im_end|>\n<|im_start|>assistant\n{RIGHT}<|im_end|>").input_ids])
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for _ in range(40):
        model(input_ids=ids, labels=ids).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    model.save_pretrained(folder)
    fast.save_pretrained(folder)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        tiny_model(f"{folder}/model")
        row = {"messages": [{"role": "user", "content": "describe the clip"}], "solution": RIGHT, "problem_type": "free-form-and-choice"}
        Path(f"{folder}/data.jsonl").write_text(f"{json.dumps(row)}\n" * 8)
        import swift
        from swift import RLHFArguments, rlhf_main

        rlhf_main(
            RLHFArguments(
                rlhf_type="grpo", model=f"{folder}/model", model_type="qwen2", template="qwen", dataset=[f"{folder}/data.jsonl"],
                external_plugins=[str(HERE / "ms_swift_plugin.py")], reward_funcs=["safety_accuracy", "safety_format"], use_vllm=False,
                tuner_type="full", torch_dtype="float32", num_generations=4, per_device_train_batch_size=4, max_completion_length=16, max_steps=1,
                temperature=1.3, learning_rate=1e-3, logging_steps=1, save_strategy="no", output_dir=f"{folder}/out", report_to=[],
                load_from_cache_file=False, split_dataset_ratio=0, dataloader_num_workers=0, dataset_num_proc=1, attn_impl="eager",
                system="", gradient_checkpointing=False,
            )
        )
        logs = [json.loads(line) for path in Path(f"{folder}/out").rglob("logging.jsonl") for line in path.read_text().splitlines()]
        log = next(entry for entry in logs if any("SafetyAccuracy" in name for name in entry))
        accuracy, form = (log[next(name for name in log if kind in name and name.endswith("mean"))] for kind in ("SafetyAccuracy", "SafetyFormat"))
        assert 0 < accuracy <= 2.1 and log["grad_norm"] > 0, log
        print(f"ok  ms-swift {swift.__version__} trained one step on these rewards: accuracy {accuracy:.3f}, format {form}, gradient {log['grad_norm']:.3f}")
