"""Golden values of stage 4's prompts: the authors' own function, run on one record per problem type.

Writes packages/safety-data/test/golden/authors-prompts.json.
Usage: safety-data-prompts.py CHECKOUT   (Emiya-syw/VideoSafety-R1 at 7589dea). Needs Python only.
"""

import ast
import json
import sys
from pathlib import Path

OUT = Path(__file__).parents[2] / "packages/safety-data/test/golden/authors-prompts.json"
source = (Path(sys.argv[1]) / "videollama3/train_grpo_vidlm3.py").read_text()
main = next(n for n in ast.parse(source).body if isinstance(n, ast.FunctionDef) and n.name == "main")
wanted = [
    node
    for node in main.body
    if (isinstance(node, ast.Assign) and node.targets[0].id in ("QUESTION_TEMPLATE", "TYPE_TEMPLATE"))
    or (isinstance(node, ast.FunctionDef) and node.name == "make_conversation_image_and_video")
]
scope = {"SAFE_LABEL": 0, "HARMFUL_LABEL": 1}
exec(compile(ast.Module(wanted, []), "train_grpo_vidlm3.py", "exec"), scope)
records = [
    {"problem_id": i, "data_type": "image" if kind == "OCR" else "video", "path": "a.mp4", "problem": "What is shown?", "problem_type": kind,
     "solution": "<answer>x</answer><vidType>0</vidType><textType>1</textType>", "options": ["A. one", "B. two"] if kind == "multiple choice" else None}
    for i, kind in enumerate(scope["TYPE_TEMPLATE"])
]
cases = [
    {"record": record, "prompt": scope["make_conversation_image_and_video"](record)["prompt"][0]["content"][1]["text"]} for record in records
]
OUT.parent.mkdir(parents=True, exist_ok=True)
OUT.write_text(json.dumps(cases, indent=1) + "\n")
