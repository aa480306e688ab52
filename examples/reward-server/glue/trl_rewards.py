"""TRL: GRPOTrainer(reward_funcs=[accuracy_reward, format_reward]) over a data set with columns solution and problem_type."""
from safety_rewards_client import score, text_of


def _column(name, completions, solution, problem_type):
    items = [
        {"completion": text_of(completion), "solution": reference, "problem_type": kind}
        for completion, reference, kind in zip(completions, solution, problem_type, strict=True)
    ]
    return [row[0] for row in score(items, rewards=[name])["rewards"]]


def accuracy_reward(completions, solution, problem_type, **columns):
    """list[float | None]: None where the reference cannot grade the row."""
    return _column("accuracy", completions, solution, problem_type)


def format_reward(completions, solution, problem_type, **columns):
    """list[float]: 1 for the documented format."""
    return _column("format", completions, solution, problem_type)
