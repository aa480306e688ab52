"""verl: reward.custom_reward_function.path=verl_reward.py reward.custom_reward_function.name=compute_score

ground_truth is the tagged reference; extra_info["problem_type"] its kind (default: the safety kind).
"""
from safety_rewards_client import score


def compute_score(data_source, solution_str, ground_truth, extra_info=None, **kwargs):
    kind = (extra_info or {}).get("problem_type", "free-form-and-choice")
    answer = score([{"completion": solution_str, "solution": ground_truth, "problem_type": kind}])
    accuracy, form = answer["rewards"][0]
    # verl has no "unscorable": such a row gets 0 and says so.
    return {"score": answer["total"][0] or 0.0, "accuracy": accuracy or 0.0, "format": form or 0.0, "unscorable": float(accuracy is None)}
