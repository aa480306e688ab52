"""A client of `safety-rewards serve` in the standard library alone. The glue of every trainer is a few lines over it.

SAFETY_REWARDS_URL    default http://127.0.0.1:8017
SAFETY_REWARDS_TOKEN  the server's bearer token, if it has one
"""
import json
import os
import time
import urllib.error
import urllib.request


def score(items, rewards=("accuracy", "format"), weights=None, compat="strict", tries=5, timeout=180):
    """items: dicts with completion, solution, problem_type. Returns the server's answer: rewards [n][k] and total [n], None = unscorable.

    A busy or restarting server is asked again: it keeps no state, so asking twice is safe.
    """
    body = {"items": list(items), "rewards": list(rewards), "compat": compat}
    if weights is not None:
        body["weights"] = list(weights)
    headers = {"content-type": "application/json"}
    if os.environ.get("SAFETY_REWARDS_TOKEN"):
        headers["authorization"] = "Bearer " + os.environ["SAFETY_REWARDS_TOKEN"]
    url = os.environ.get("SAFETY_REWARDS_URL", "http://127.0.0.1:8017") + "/v1/rewards"
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    for attempt in range(tries):
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code not in (429, 503) or attempt == tries - 1:
                raise RuntimeError(f"safety-rewards answered {error.code}: {error.read().decode()}") from error
        except urllib.error.URLError:
            if attempt == tries - 1:
                raise
        time.sleep(0.5 * 2**attempt)


def text_of(completion):
    """The text of a completion: a string, or a conversation's last message."""
    return completion if isinstance(completion, str) else completion[-1]["content"]
