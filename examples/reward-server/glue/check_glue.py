"""Runs every glue module against a live server. With TRL installed it also trains: one GRPO step of a tiny random model.

usage: SAFETY_REWARDS_URL=http://127.0.0.1:8017 python check_glue.py
"""
import json

RIGHT = "<think>t</think><answer>walk away and call for help</answer><vidType>1</vidType><textType>0</textType>"
WRONG = "<think>t</think><answer>walk away and call for help</answer><vidType>0</vidType><textType>0</textType>"
KIND = "free-form-and-choice"


def close(found, expected, what):
    assert len(found) == len(expected), (what, found)
    for a, b in zip(found, expected):
        assert (a is None and b is None) or abs(a - b) < 1e-12, (what, found, expected)
    print(f"ok  {what}")


def stand_in_for_ms_swift():
    """What ms_swift_plugin.py imports, where ms-swift is not installed; check_frameworks.py runs its own code."""
    import importlib.util
    import sys
    import types

    if importlib.util.find_spec("swift") is None:
        sys.modules["swift"], rewards = types.ModuleType("swift"), types.ModuleType("swift.rewards")
        rewards.ORM, rewards.orms = type("ORM", (), {"__init__": lambda self, args=None, **kwargs: None}), {}
        sys.modules["swift.rewards"] = rewards


def check_functions():
    stand_in_for_ms_swift()
    import easyr1_reward
    import ms_swift_plugin
    import trl_rewards
    import verl_reward

    conversation = [[{"role": "assistant", "content": text}] for text in (RIGHT, WRONG, RIGHT)]
    columns = {"solution": [RIGHT, RIGHT, "no tags"], "problem_type": [KIND] * 3, "prompts": ["q"] * 3, "completion_ids": [[1]] * 3}
    close(trl_rewards.accuracy_reward(completions=conversation, **columns), [2.1, 1.5, None], "TRL accuracy, conversational")
    close(trl_rewards.format_reward(completions=[RIGHT, "x", WRONG], **columns), [1, 0, 1], "TRL format, text")
    found = verl_reward.compute_score("vst", WRONG, RIGHT, {"problem_type": KIND})
    close([found["score"], found["accuracy"], found["unscorable"]], [2.5, 1.5, 0], "verl")
    close([verl_reward.compute_score("vst", RIGHT, "no tags")["unscorable"]], [1], "verl, unscorable")
    plugin = ms_swift_plugin.orms["safety_accuracy"](args=None)
    close(plugin(completions=[RIGHT, WRONG], solution=[RIGHT] * 2, problem_type=[KIND] * 2), [2.1, 1.5], "ms-swift")
    label = json.dumps({"solution": "<answer>3</answer>", "problem_type": "numerical"})
    rows = [
        {"response": RIGHT, "response_length": 20, "ground_truth": RIGHT},
        {"response": "<think></think><answer>3.0</answer>", "response_length": 5, "ground_truth": label},
    ]
    close([row["overall"] for row in easyr1_reward.compute_score(rows)], [3.1, 2], "EasyR1")


def check_trl_training():
    import os
    import tempfile

    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    import torch
    import trl
    from datasets import Dataset
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

    from trl_rewards import accuracy_reward, format_reward

    torch.manual_seed(0)
    words = ["<pad>", "<eos>", "<unk>", "describe", "the", "clip"] + [
        token for tag in ("think", "answer", "vidType", "textType") for token in (f"<{tag}>", f"</{tag}>")
    ] + ["0", "1", "walk", "away"]
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>", eos_token="<eos>", unk_token="<unk>")
    model = Qwen2ForCausalLM(
        Qwen2Config(vocab_size=len(words), hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2, num_key_value_heads=1, pad_token_id=0, eos_token_id=1, bos_token_id=None)
    )
    # A few supervised steps first, so that completions reach the format at times: rewards that are all equal would train nothing.
    ids = torch.tensor([fast("describe the clip " + RIGHT.replace("<", " <").replace(">", "> ")).input_ids + [1]])
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for _ in range(60):
        model(input_ids=ids, labels=ids).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    before = [parameter.detach().clone() for parameter in model.parameters()]
    data = Dataset.from_list([{"prompt": "describe the clip", "solution": RIGHT, "problem_type": KIND}] * 2)
    with tempfile.TemporaryDirectory() as folder:
        config = trl.GRPOConfig(output_dir=folder, per_device_train_batch_size=4, num_generations=4, max_completion_length=14, max_steps=1, learning_rate=1e-3, temperature=1.3, report_to=[], logging_steps=1, use_cpu=True, bf16=False, save_strategy="no")
        trainer = trl.GRPOTrainer(model, [accuracy_reward, format_reward], args=config, train_dataset=data, processing_class=fast)
        trainer.train()
        log = next(entry for entry in trainer.state.log_history if "rewards/accuracy_reward/mean" in entry)
    accuracy, form, deviation, gradient = (
        float(log[name]) for name in ("rewards/accuracy_reward/mean", "rewards/format_reward/mean", "reward_std", "grad_norm")
    )
    changed = sum(not torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))
    assert 0 < accuracy < 2.1 and 0 <= form <= 1 and deviation > 0 and gradient > 0 and changed > 0, log
    print(
        f"ok  TRL {trl.__version__} trained one step on these rewards: accuracy {accuracy:.3f}, format {form}, their deviation {deviation:.3f}, "
        f"gradient {gradient:.3f}, {changed} tensors changed"
    )


if __name__ == "__main__":
    check_functions()
    try:
        import trl  # noqa: F401
    except ImportError:
        print("--  TRL is not installed: the training step is left out")
    else:
        check_trl_training()
