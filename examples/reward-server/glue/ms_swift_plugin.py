"""ms-swift: swift rlhf --rlhf_type grpo --external_plugins ms_swift_plugin.py --reward_funcs safety_accuracy safety_format

The data set needs columns solution and problem_type.
"""
from safety_rewards_client import score, text_of

try:
    from swift.rewards import ORM, orms  # ms-swift 4
except ImportError:
    from swift.plugin import ORM, orms  # ms-swift 3


class _SafetyReward(ORM):
    name = ""

    def __call__(self, completions, solution, problem_type, **kwargs):
        items = [
            {"completion": text_of(completion), "solution": reference, "problem_type": kind}
            for completion, reference, kind in zip(completions, solution, problem_type, strict=True)
        ]
        return [row[0] for row in score(items, rewards=[self.name])["rewards"]]


class SafetyAccuracy(_SafetyReward):
    name = "accuracy"


class SafetyFormat(_SafetyReward):
    name = "format"


orms["safety_accuracy"] = SafetyAccuracy
orms["safety_format"] = SafetyFormat
