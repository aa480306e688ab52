"""The peer of bench/server.ts: the authors' reward functions behind FastAPI, two processes.

usage: AUTHORS_FILE=videollama3/train_grpo_vidlm3.py uvicorn fastapi_server:app --port 8018 --workers 2 --log-level error
  AUTHORS_FILE is that file of Emiya-syw/VideoSafety-R1 at 7589dea; needs fastapi, uvicorn, nltk and rouge_score.
The two functions are executed as they are, their prints sent nowhere.
"""
import ast
import contextlib
import os
import re
from datetime import datetime
from pathlib import Path

from fastapi import FastAPI, Request
from rouge_score import rouge_scorer

tree = ast.parse(Path(os.environ["AUTHORS_FILE"]).read_text(encoding="utf-8"))
scope = {"re": re, "os": os, "datetime": datetime, "rouge_scorer": rouge_scorer}
wanted = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name in ("accuracy_reward", "format_reward")]
exec(compile(ast.Module(body=wanted, type_ignores=[]), "authors", "exec"), scope)
app = FastAPI()
nowhere = open(os.devnull, "w")


@app.post("/v1/rewards")
async def rewards(request: Request):
    items = (await request.json())["items"]
    completions = [[{"content": item["completion"]}] for item in items]
    with contextlib.redirect_stdout(nowhere):
        accuracy = scope["accuracy_reward"](completions, [item["solution"] for item in items], problem_type=[item["problem_type"] for item in items])
        form = scope["format_reward"](completions)
    return {"rewards": list(map(list, zip(accuracy, form)))}
