"""EasyR1: worker.reward.reward_function=easyr1_reward.py:compute_score

ground_truth is the tagged reference, or JSON {"solution", "problem_type"}.
"""
import json

from safety_rewards_client import score

REWARD_NAME = "safety"
REWARD_TYPE = "batch"


def compute_score(reward_inputs, **kwargs):
    items = []
    for row in reward_inputs:
        label = row["ground_truth"]
        parsed = json.loads(label) if label.startswith("{") else {"solution": label, "problem_type": "free-form-and-choice"}
        items.append({"completion": row["response"], "completion_length": row["response_length"], **parsed})
    answer = score(items)
    return [
        {"overall": total or 0.0, "accuracy": accuracy or 0.0, "format": form or 0.0, "unscorable": float(accuracy is None)}
        for (accuracy, form), total in zip(answer["rewards"], answer["total"], strict=True)
    ]
