"""The Python columns of bench/peers.ts: one case a call, so that one that hangs can be ended.

usage: python peers.py CASE        needs rouge_score; AUTHORS_FILE = videollama3/train_grpo_vidlm3.py of Emiya-syw/VideoSafety-R1 at 7589dea
"""
import ast
import contextlib
import json
import os
import re
import sys
import time
from datetime import datetime
from pathlib import Path

from rouge_score import rouge_scorer

scope = {"re": re, "os": os, "datetime": datetime, "rouge_scorer": rouge_scorer}
tree = ast.parse(Path(os.environ["AUTHORS_FILE"]).read_text(encoding="utf-8"))
wanted = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name in ("accuracy_reward", "format_reward")]
exec(compile(ast.Module(body=wanted, type_ignores=[]), "authors", "exec"), scope)
RIGHT = "<think>t</think><answer>no</answer><vidType>1</vidType><textType>1</textType>"
STUCK = "<think>" + "</think><answer></answer><vidType></vidType><textType>" * 100


def authors(function, completions, *arguments, **columns):
    with contextlib.redirect_stdout(open(os.devnull, "w")):
        return scope[function]([[{"content": text}] for text in completions], *arguments, **columns)


def timed(call):
    start = time.perf_counter()
    call()
    return {"milliseconds": (time.perf_counter() - start) * 1000}


scorer = rouge_scorer.RougeScorer(["rouge1", "rouge2", "rougeL"], use_stemmer=True)
CASES = {
    "rouge_score tags": lambda: timed(lambda: scorer.score("the quick brown fox", "</think>" * 8192)),
    "rouge_score malformed": lambda: {"value": scorer.score("", "no")["rougeL"].fmeasure},
    "authors tags": lambda: timed(lambda: authors("format_reward", [STUCK])),
    "authors malformed": lambda: {"value": authors("accuracy_reward", ["no tags"], ["no tags"], problem_type=["free-form-and-choice"])[0]},
    "authors hang": lambda: {"value": authors("format_reward", [RIGHT, STUCK * 3, RIGHT])},
}
print(json.dumps(CASES[sys.argv[1]]()))
