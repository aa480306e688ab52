"""Runs a glue file through a framework's own reward code, from a checkout of its source. Nothing of the framework is installed.

usage: SAFETY_REWARDS_URL=http://127.0.0.1:8017 python check_frameworks.py verl|ms-swift|EasyR1 CHECKOUT

The framework's loader and reward manager run as they are; packages that they import and that are not installed are replaced by empty
stand-ins, which the output names (verl and EasyR1 import tensordict for their batches: the batches here are plain objects with the two
fields that the managers read). Needs torch, transformers, omegaconf and ray.
"""
import importlib.abc
import importlib.machinery
import os
import sys
import types
from pathlib import Path
from unittest.mock import MagicMock

HERE = Path(__file__).resolve().parent
KIND = "free-form-and-choice"
RIGHT = "<think>t</think><answer>walk away and call for help</answer><vidType>1</vidType><textType>0</textType>"
WRONG = "<think>t</think><answer>walk away and call for help</answer><vidType>0</vidType><textType>0</textType>"
TEXTS = [RIGHT, WRONG, "x", RIGHT]
REFERENCES = [RIGHT, RIGHT, RIGHT, "no tags"]
STANDING_IN = set()


class StandIn(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """An empty package for every one of the list that is not installed; asked last, so for no other."""

    LIST = {"antlr4", "codetiming", "dacite", "json_repair", "modelscope", "omegaconf", "ray", "tensordict", "torchdata"}

    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] not in self.LIST:
            return None
        STANDING_IN.add(name.split(".")[0])
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec):
        module = MagicMock(name=spec.name)
        module.__path__, module.__spec__, module.__version__ = [], spec, "0.0.0"
        return module

    def exec_module(self, module):
        pass


class Texts:
    """A tokenizer for responses of one token that stands for a whole text."""

    def decode(self, ids, skip_special_tokens=True):
        return TEXTS[int(ids[0])] if len(ids) else ""


class Batch:
    """The two fields of a DataProto that reward managers read."""

    def __init__(self, batch, non_tensor_batch):
        self.batch, self.non_tensor_batch = batch, non_tensor_batch

    def __len__(self):
        return len(self.batch["responses"])

    def __getitem__(self, row):
        return Batch({k: v[row] for k, v in self.batch.items()}, {k: v[row] for k, v in self.non_tensor_batch.items()})


class Config(dict):
    """Options that are read as items or as attributes."""

    __getattr__ = dict.__getitem__


def package(name, path):
    """The package without running its __init__, which would import the whole framework."""
    module = types.ModuleType(name)
    module.__path__ = [str(path)]
    sys.modules[name] = module


def close(found, expected, what):
    import math

    assert len(found) == len(expected), (what, found)
    for a, b in zip(found, expected):
        assert (math.isnan(a) and math.isnan(b)) or abs(a - b) < 1e-6, (what, found, expected)
    print(f"ok  {what}")


def check_easyr1(checkout):
    package("verl", checkout / "verl")
    package("verl.workers", checkout / "verl/workers")
    package("verl.workers.reward", checkout / "verl/workers/reward")
    import torch
    from verl.workers.reward.config import RewardConfig
    from verl.workers.reward.function import AutoRewardManager

    config = RewardConfig(reward_function=f"{HERE / 'easyr1_reward.py'}:compute_score")
    config.post_init()
    manager = AutoRewardManager(config, Texts())
    ids = torch.tensor([[row, 9] for row in range(4)])
    tensor, metrics = manager.compute_reward(Batch({"responses": ids, "response_mask": torch.ones_like(ids)}, {"ground_truth": REFERENCES}))
    close(tensor[:, 1].tolist(), [3.1, 2.5, 0, 1], "EasyR1's AutoRewardManager: totals on the last token")
    close(metrics["unscorable"], [0, 0, 0, 1], "EasyR1: unscorable row marked")


def check_verl(checkout):
    package("verl", checkout / "verl")
    import asyncio

    import torch
    from verl.protocol import DataProto

    sys.modules["verl"].DataProto = DataProto
    from verl.trainer.ppo.reward import get_custom_reward_fn
    from verl.workers.reward_manager.naive import NaiveRewardManager

    function = {"custom_reward_function": {"path": str(HERE / "verl_reward.py"), "name": "compute_score"}}
    score = get_custom_reward_fn(Config(function, reward=Config(function)))  # under reward. since 0.9
    ids = torch.tensor([[row, 9] for row in range(4)])
    batch = {"prompts": ids, "responses": ids, "attention_mask": torch.ones(4, 4, dtype=torch.int64)}
    columns = {
        "reward_model": [{"ground_truth": reference} for reference in REFERENCES],
        "data_source": ["vst"] * 4,
        "extra_info": [{"problem_type": KIND} for _ in range(4)],
    }
    result = NaiveRewardManager(Texts(), num_examine=0, compute_score=score)(Batch(batch, columns), return_dict=True)
    close(result["reward_tensor"][:, 1].tolist(), [3.1, 2.5, 0, 1], "verl's NaiveRewardManager: totals on the last token")
    close(result["reward_extra_info"]["unscorable"], [0, 0, 0, 1], "verl: unscorable row marked")
    from verl.experimental.reward_loop.reward_manager.naive import NaiveRewardManager as Loop

    loop = Loop.__new__(Loop)
    loop.tokenizer, loop.compute_score, loop.is_async_reward_score = Texts(), score, False
    loop.reward_router_address = loop.reward_model_tokenizer = None

    async def one():
        loop.loop = asyncio.get_running_loop()
        return await loop.run_single(Batch({k: v[1:2] for k, v in batch.items()}, {k: v[1:2] for k, v in columns.items()}))

    close([asyncio.run(one())["reward_score"]], [2.5], "verl's reward loop")


def check_ms_swift(checkout):
    package("swift", checkout / "swift")
    package("swift.rl_core", checkout / "swift/rl_core")
    # Of these, types and a logger are used.
    for name in ("infer_engine", "infer_engine.protocol", "dataset", "template", "utils"):
        sys.modules[f"swift.{name}"] = MagicMock(name=name, __spec__=None, __path__=[str(checkout / "swift" / name)])
        STANDING_IN.add(f"swift.{name}")
    import torch
    from swift.dataset.preprocessor.core import RowPreprocessor

    sys.modules["swift.dataset"].RowPreprocessor = RowPreprocessor
    from swift.rewards import orms
    from swift.rl_core.data import GRPOSample
    from swift.rl_core.grpo_algorithm import compute_rewards_per_func

    before = set(orms)
    import ms_swift_plugin  # noqa: F401  (what --external_plugins does)

    assert set(orms) - before == {"safety_accuracy", "safety_format"}, set(orms) - before
    functions = [orms[name](args=None) for name in ("safety_accuracy", "safety_format")]  # as its trainer makes them
    samples = [
        GRPOSample(messages=[{"role": "user", "content": "q"}, {"role": "assistant", "content": text}], extra={"solution": reference, "problem_type": KIND})
        for text, reference in zip(TEXTS, REFERENCES)
    ]
    found = compute_rewards_per_func(samples, functions, None, torch.device("cpu"), trainer_state=None)
    close(found[:, 0].tolist(), [2.1, 1.5, 0, float("nan")], "ms-swift's compute_rewards_per_func: accuracy, None = NaN")
    close(found[:, 1].tolist(), [1, 1, 0, 1], "ms-swift: format")


if __name__ == "__main__":
    name, checkout = sys.argv[1], Path(sys.argv[2]).resolve()
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    sys.meta_path.append(StandIn())
    sys.path.insert(0, str(HERE))
    {"verl": check_verl, "ms-swift": check_ms_swift, "EasyR1": check_easyr1}[name](checkout)
    if STANDING_IN:
        print(f"    stand-ins for {', '.join(sorted(STANDING_IN))}")
