"""Golden values for packages/grpo, in float64.

TRL:    the real GRPOTrainer._compute_loss, GMPOTrainer._compute_loss and GSPO-token's _compute_loss, called with a stand-in
        for the model's forward pass; advantages and rollout weights by executing the very lines of
        GRPOTrainer._generate_and_score_completions.
verl, OpenRLHF: not installable here, so their published formulas are written out below. With `--verl <checkout>` the verl
        formulas are first compared with the functions of that checkout's verl/trainer/ppo/core_algos.py.

usage: python tools/golden/grpo.py [--verl <checkout of volcengine/verl>]
needs: torch 2.13, trl 1.13 (checked)
writes: packages/grpo/test/golden/{trl-losses,trl-advantages,verl,openrlhf}.json
"""

import argparse
import inspect
import json
import math
import re
import sys
import textwrap
import types
from collections import defaultdict
from pathlib import Path

import torch
import trl
from trl.experimental.gmpo import gmpo_trainer
from trl.experimental.gspo_token import grpo_trainer as gspo_token
from trl.trainer import grpo_trainer
from trl.trainer.grpo_trainer import GRPOTrainer
from trl.trainer.utils import nanstd

assert torch.__version__.startswith("2.13"), torch.__version__
assert trl.__version__.startswith("1.13"), trl.__version__
torch.set_default_dtype(torch.float64)
OUT = Path(__file__).resolve().parents[2] / "packages/grpo/test/golden"
ROWS, LENGTH = 5, 6


# ---------------------------------------------------------------- batches


def make_batch(seed, spread):
    g = torch.Generator().manual_seed(seed)
    lengths = [6, 4, 1, 5, 0] if seed % 2 else [6, 3, 2, 6, 5]
    mask = torch.tensor([[1.0 if t < n else 0.0 for t in range(LENGTH)] for n in lengths])
    if seed % 3 == 0:  # tool output in the middle of a row
        mask[0, 2] = 0.0
    lp = -2 * torch.rand(ROWS, LENGTH, generator=g) - 0.02
    draw = lambda s: torch.clamp(lp + s * torch.randn(ROWS, LENGTH, generator=g), max=-1e-3)
    advantages = torch.randn(ROWS, generator=g)
    advantages[2] = 0.0
    return {
        "logProbs": lp,
        "oldLogProbs": draw(spread),
        "referenceLogProbs": draw(0.5),
        "samplingLogProbs": draw(0.3),
        # Multiples of 1/64, so that TRL's float32 quantile is exact.
        "entropies": torch.randint(1, 200, (ROWS, LENGTH), generator=g) / 64,
        "advantages": advantages,
        "mask": mask,
    }


def numbers(tensor):
    return [float(x) for x in tensor.reshape(-1)]


def public(batch):
    return {k: numbers(v) if v.dim() == 1 else [numbers(r) for r in v] for k, v in batch.items()}


# ---------------------------------------------------------------- TRL's losses


class Accelerator:
    num_processes = 1
    process_index = 0
    sync_gradients = True
    gather = staticmethod(lambda x: x)
    reduce = staticmethod(lambda x, reduction="sum": x)
    pad_across_processes = staticmethod(lambda x, dim=0, pad_index=0: x)


def stand_in(batch, lp, o):
    """An object with exactly the attributes TRL's _compute_loss reads."""
    epsilon_high = o.get("epsilonHigh")
    args = types.SimpleNamespace(
        delta=o.get("delta"),
        use_bias_correction_kl=o.get("useBiasCorrectionKl", True),
        sapo_temperature_pos=o.get("sapoTemperaturePos", 1.0),
        sapo_temperature_neg=o.get("sapoTemperatureNeg", 1.05),
        vespo_k_pos=2.0, vespo_lambda_pos=3.0, vespo_k_neg=3.0, vespo_lambda_neg=2.0,
        steps_per_generation=1,
    )
    me = types.SimpleNamespace(
        args=args,
        accelerator=Accelerator(),
        model=types.SimpleNamespace(training=True),
        _metrics={"train": defaultdict(list)},
        current_gradient_accumulation_steps=1,
        aux_loss_enabled=False,
        router_aux_loss_coef=0.0,
        use_adaptive_entropy=False,
        entropy_coef=o.get("entropyCoef", 0.0),
        _entropy_bonus_enabled=o.get("entropyCoef", 0.0) != 0.0,
        top_entropy_quantile=o.get("topEntropyQuantile", 1.0),
        off_policy_mask_threshold=o.get("offPolicyMaskThreshold"),
        importance_sampling_level=o.get("importanceSamplingLevel", "token"),
        beta=o.get("beta", 0.0),
        loss_type=o.get("lossType", "dapo"),
        epsilon_low=o.get("epsilon", 0.2),
        epsilon_high=o.get("epsilon", 0.2) if epsilon_high is None else epsilon_high,
        max_completion_length=o.get("maxCompletionLength", 512),
        use_vllm=o.get("samplingLogProbs", False),
        vllm_importance_sampling_correction=o.get("vllmImportanceSamplingCorrection", True),
        vllm_importance_sampling_mode=o.get("vllmImportanceSamplingMode", "sequence_mask"),
        vllm_importance_sampling_clip_max=o.get("vllmImportanceSamplingClipMax", 3.0),
        vllm_importance_sampling_clip_min=o.get("vllmImportanceSamplingClipMin"),
    )
    me._get_per_token_logps_and_entropies = lambda *a, **k: (lp, batch["entropies"], None)
    me.get_high_entropy_mask = types.MethodType(GRPOTrainer.get_high_entropy_mask, me)
    me.get_off_policy_mask = GRPOTrainer.get_off_policy_mask
    me.get_gamma_weights = GRPOTrainer.get_gamma_weights
    return me


def lines_between(function, first, last):
    """The source lines of `function` from the one matching `first` up to, not including, the one matching `last`."""
    lines = inspect.getsource(function).splitlines()
    start = next(i for i, line in enumerate(lines) if re.search(first, line))
    stop = next(i for i in range(start + 1, len(lines)) if re.search(last, lines[i]))
    return textwrap.dedent("\n".join(lines[start:stop]))


WEIGHTS_SOURCE = lines_between(
    GRPOTrainer._generate_and_score_completions,
    r"if self.use_vllm and self.vllm_importance_sampling_correction:\s*$",
    r"# Compute the per-token log probabilities for the reference model",
)
# The first match is the condition that computes old log-probabilities; keep from the weights on.
WEIGHTS_SOURCE = WEIGHTS_SOURCE[WEIGHTS_SOURCE.index("mask = completion_mask") :]
WEIGHTS_SOURCE = textwrap.dedent("    " + WEIGHTS_SOURCE)


def trl_loss(batch, o):
    lp = batch["logProbs"].clone().requires_grad_(True)
    me = stand_in(batch, lp, o)
    ids = torch.zeros(ROWS, LENGTH, dtype=torch.long)
    inputs = {
        "prompt_ids": ids[:, :1], "prompt_mask": torch.ones(ROWS, 1),
        "completion_ids": ids, "completion_mask": batch["mask"],
        "advantages": batch["advantages"],
        "old_per_token_logps": batch["oldLogProbs"],
        "ref_per_token_logps": batch["referenceLogProbs"],
        "num_items_in_batch": batch["mask"].sum(),
    }
    if o.get("onPolicy"):
        del inputs["old_per_token_logps"]
    if o.get("samplingLogProbs"):
        inputs["sampling_per_token_logps"] = batch["samplingLogProbs"]
        scope = {
            "self": me, "torch": torch, "math": math, "tool_mask": None, "completion_mask": batch["mask"],
            "old_per_token_logps": batch["oldLogProbs"], "sampling_per_token_logps": batch["samplingLogProbs"],
        }
        exec(WEIGHTS_SOURCE, scope)
        inputs["importance_sampling_ratio"] = scope["vllm_importance_sampling_ratio"]
    if o.get("lossType") == "gmpo":
        compute = gmpo_trainer.GMPOTrainer._compute_loss
    elif o.get("importanceSamplingLevel") == "sequence_token":
        compute = gspo_token.GRPOTrainer._compute_loss
    else:
        compute = GRPOTrainer._compute_loss
    loss = compute(me, None, inputs)
    (gradient,) = torch.autograd.grad(loss, lp)
    return {"loss": float(loss), "gradient": [round(x, 14) for x in numbers(gradient)]}


def trl_cases():
    families = ["grpo", "dapo", "bnpo", "dr_grpo", "luspo", "cispo", "sapo", "vespo"]
    cases = []

    def add(batch, **o):
        cases.append((batch, o))

    for index, loss_type in enumerate(families):
        cispo = {"epsilonHigh": 5.0} if loss_type == "cispo" else {}
        for batch in range(4):
            add(batch, lossType=loss_type, maxCompletionLength=8, **cispo)
            add(batch, lossType=loss_type, maxCompletionLength=8, beta=0.04, useBiasCorrectionKl=False, **cispo)
            add(batch, lossType=loss_type, maxCompletionLength=8, beta=0.3, useBiasCorrectionKl=True, **cispo)
            if loss_type != "vespo":
                add(batch, lossType=loss_type, importanceSamplingLevel="sequence", maxCompletionLength=8, beta=0.1, **cispo)
        batch = index % 4
        add(batch, lossType=loss_type, onPolicy=True, beta=0.04, **cispo)
        add(batch, lossType=loss_type, topEntropyQuantile=0.4, beta=0.04, **cispo)
        add(batch, lossType=loss_type, topEntropyQuantile=0.75, entropyCoef=0.01, **cispo)
        add(batch, lossType=loss_type, entropyCoef=0.02, **cispo)
        add(batch, lossType=loss_type, offPolicyMaskThreshold=0.02, **cispo)
        add(batch, lossType=loss_type, offPolicyMaskThreshold=0.02, samplingLogProbs=True, **cispo)
        for mode in ["token_truncate", "token_mask", "sequence_truncate", "sequence_mask"]:
            add(batch, lossType=loss_type, samplingLogProbs=True, vllmImportanceSamplingMode=mode,
                vllmImportanceSamplingClipMax=1.2, beta=0.04, **cispo)
            add((batch + 1) % 4, lossType=loss_type, samplingLogProbs=True, vllmImportanceSamplingMode=mode,
                vllmImportanceSamplingClipMax=1.5, vllmImportanceSamplingClipMin=0.7, **cispo)
    for batch in range(4):
        for loss_type in ["grpo", "dapo", "luspo"]:
            add(batch, lossType=loss_type, epsilonHigh=0.28)
            add(batch, lossType=loss_type, epsilonHigh=0.0)
            add(batch, lossType=loss_type, delta=1.5)
            add(batch, lossType=loss_type, epsilon=0.1, epsilonHigh=0.3, delta=1.1, importanceSamplingLevel="sequence")
        for loss_type in ["grpo", "dapo", "bnpo", "dr_grpo"]:
            add(batch, lossType=loss_type, importanceSamplingLevel="sequence_token", maxCompletionLength=8)
            add(batch, lossType=loss_type, importanceSamplingLevel="sequence_token", beta=0.04, useBiasCorrectionKl=False)
        if batch % 2 == 0:  # TRL counts a row without tokens as a ratio of 1; ours counts it as no tokens: see docs/paper/grpo.md
            add(batch, lossType="gmpo", epsilon=0.4)
            add(batch, lossType="gmpo", epsilon=0.1, epsilonHigh=0.2, beta=0.04)
            add(batch, lossType="gmpo", epsilon=0.4, topEntropyQuantile=0.5)
        add(batch, lossType="sapo", sapoTemperaturePos=2.0, sapoTemperatureNeg=0.5)
    return cases


# ---------------------------------------------------------------- TRL's advantages

ADVANTAGES_SOURCE = lines_between(
    GRPOTrainer._generate_and_score_completions,
    r"unscorable_mask = torch.isnan",
    r"# Slice to keep only the local part",
)


def trl_advantages(rewards, weights, o):
    me = types.SimpleNamespace(
        multi_objective_aggregation=o.get("multiObjectiveAggregation", "sum_then_normalize"),
        scale_rewards=o.get("scaleRewards", "group"),
        reward_weights=torch.tensor(weights),
        reward_funcs=weights,
    )
    table = torch.tensor([[math.nan if x is None else x for x in row] for row in zip(*rewards)])
    scope = {"self": me, "torch": torch, "nanstd": nanstd, "device": "cpu",
             "rewards_per_func": table, "num_generations": o["numGenerations"]}
    exec(ADVANTAGES_SOURCE, scope)
    return numbers(scope["advantages"])


def trl_advantage_cases():
    cases = []
    for seed in range(24):
        g = torch.Generator().manual_seed(1000 + seed)
        generations = [2, 4, 6, 8][seed % 4]
        rows = generations * 3
        columns = [numbers(torch.rand(rows, generator=g)), numbers(torch.randint(0, 2, (rows,), generator=g).double())]
        for column in columns:
            for row in range(rows):
                if float(torch.rand(1, generator=g)) < 0.12:
                    column[row] = None
        if seed % 3 == 0:
            columns = columns[:1]
        weights = [1.0, 0.5][: len(columns)]
        o = {"numGenerations": generations, "scaleRewards": ["group", "batch", "none"][seed % 3]}
        if seed % 5 == 4:
            o["multiObjectiveAggregation"] = "normalize_then_sum"
        cases.append({"rewards": columns, "weights": weights, "options": o, "advantages": trl_advantages(columns, weights, o)})
    return cases


# ---------------------------------------------------------------- verl's published formulas


def verl_aggregate(matrix, mask, mode, horizon=None):
    if mode == "token-mean":
        return (matrix * mask).sum() / mask.sum().clamp(min=1e-8)
    rows = (matrix * mask).sum(-1)
    if mode == "seq-mean-token-sum":
        return rows.mean()
    if mode == "seq-mean-token-mean":
        filled = mask.sum(-1) > 0
        return (rows / (mask.sum(-1) + 1e-8))[filled].mean()
    raise ValueError(mode)


def verl_policy(name, lp, old, adv, mask, o):
    low, high = o.get("epsilon", 0.2), o.get("epsilonHigh") or o.get("epsilon", 0.2)
    x = torch.clamp(lp - old, -20.0, 20.0)
    r = torch.exp(x)
    if name == "vanilla":
        surrogate = torch.maximum(-adv * r, -adv * torch.clamp(r, 1 - low, 1 + high))
        return torch.where(adv < 0, torch.minimum(surrogate, -adv * o.get("dualClip", 3.0)), surrogate)
    if name == "gspo":
        mean = ((lp - old) * mask).sum(-1) / mask.sum(-1).clamp(min=1)
        s = torch.exp(torch.clamp(lp - lp.detach() + mean.detach().unsqueeze(-1), max=10.0))
        return torch.maximum(-adv * s, -adv * torch.clamp(s, 1 - low, 1 + high))
    if name == "sapo":
        tau = torch.where(adv > 0, torch.tensor(1.0), torch.tensor(1.05))
        return -adv * torch.sigmoid(tau * (r - 1)) * 4 / tau
    if name == "cispo":
        return -torch.clamp(r, 1 - low, 1 + high).detach() * adv * lp
    if name == "gpg":
        return -adv * lp
    cap = torch.clamp(r, max=20.0).detach()
    p, q = torch.exp(lp), torch.exp(old)
    if name == "dppo_tv":
        valid = torch.where(adv > 0, p - q <= high, p - q >= -low)
    else:  # dppo_kl
        kl = q * (old - lp) + (1 - q) * torch.log((1 - q + 1e-8) / (1 - p + 1e-8))
        valid = torch.where(adv > 0, (kl <= high) | (p <= q), (kl <= low) | (p >= q))
    return -adv * cap * lp * valid.detach().double()


def verl_kl(lp, ref, kind):
    if kind == "k1":
        return lp - ref
    if kind == "abs":
        return (lp - ref).abs()
    if kind == "k2":
        return 0.5 * (lp - ref) ** 2
    if kind == "k3":
        x = torch.clamp(ref - lp, -20, 20)
        return torch.clamp(torch.exp(x) - x - 1, -10, 10)
    straight = 0.5 * (lp - ref) ** 2  # k3+: value of k3, gradient of k2
    return straight - straight.detach() + verl_kl(lp, ref, "k3").detach()


VERL_MODES = {"token-mean": "token_mean", "seq-mean-token-sum": "sequence_mean_token_sum",
              "seq-mean-token-mean": "sequence_mean_token_mean_nonempty"}
VERL_TO_OPTIONS = {
    "vanilla": {"lossType": "dapo", "dualClip": 3, "logRatioClamp": 20},
    "gspo": {"lossType": "grpo", "importanceSamplingLevel": "sequence_token"},
    "sapo": {"lossType": "sapo", "logRatioClamp": 20},
    "cispo": {"lossType": "cispo", "cispoClip": "range", "logRatioClamp": 20},
    "gpg": {"lossType": "gpg"},
    "dppo_tv": {"lossType": "dppo_tv", "logRatioClamp": 20},
    "dppo_kl": {"lossType": "dppo_kl", "logRatioClamp": 20},
}


def verl_cases(batches):
    cases = []
    for index, batch in enumerate(batches):
        adv, mask = batch["advantages"].unsqueeze(-1).expand(ROWS, LENGTH), batch["mask"]
        for name, options in VERL_TO_OPTIONS.items():
            epsilons = {"dppo_tv": 0.05, "dppo_kl": 0.01}
            for mode in VERL_MODES:
                for kl in [None, ["k1", "k2", "k3", "k3+", "abs"][len(cases) % 5]]:
                    o = {"epsilon": epsilons.get(name, 0.2), "epsilonHigh": None if len(cases) % 2 else epsilons.get(name, 0.2) * 1.4}
                    lp = batch["logProbs"].clone().requires_grad_(True)
                    loss = verl_aggregate(verl_policy(name, lp, batch["oldLogProbs"], adv, mask, o), mask, mode)
                    ours = {**options, **o, "aggregation": VERL_MODES[mode], "useBiasCorrectionKl": False}
                    if kl:
                        loss = loss + 0.1 * verl_aggregate(verl_kl(lp, batch["referenceLogProbs"], kl), mask, mode)
                        ours |= {"beta": 0.1, "klEstimator": kl}
                        if kl == "k3" or kl == "k3+":
                            ours |= {"klLogRatioClamp": 20, "klValueClamp": 10}
                    (gradient,) = torch.autograd.grad(loss, lp)
                    cases.append({"batch": index, "name": name, "options": ours, "loss": float(loss),
                                  "gradient": [round(x, 14) for x in numbers(gradient)]})
    return cases


def verl_advantages(name, rewards, groups, lengths, eps=1e-6):
    """Outcome advantages of verl's core_algos, one number a row."""
    ids = sorted(set(groups))
    of = {i: [r for r, g in enumerate(groups) if g == i] for i in ids}
    out = [0.0] * len(rewards)
    if name in ("reinforce_plus_plus", "reinforce_plus_plus_baseline"):
        base = {i: sum(rewards[r] for r in of[i]) / len(of[i]) if len(of[i]) > 1 else 0.0 for i in ids}
        values = [rewards[r] - (base[groups[r]] if "baseline" in name else 0.0) for r in range(len(rewards))]
        n = sum(lengths)
        mean = sum(l * v for l, v in zip(lengths, values)) / n
        var = sum(l * (v - mean) ** 2 for l, v in zip(lengths, values)) / n * n / (n - 1)
        return [(v - mean) / math.sqrt(var + 1e-8) for v in values]
    alpha = len(rewards) / max(sum(1 for r in rewards if r != 0), 1)
    for i in ids:
        rows = of[i]
        x = torch.tensor([rewards[r] for r in rows])
        single = len(rows) == 1
        mean, std = (0.0, 1.0) if single else (float(x.mean()), float(x.std()))
        for k, r in enumerate(rows):
            if name == "grpo":
                out[r] = (rewards[r] - mean) / (std + eps)
            elif name == "rloo":
                out[r] = rewards[r] if single else (rewards[r] - mean) * len(rows) / (len(rows) - 1)
            elif name == "opo":
                w = sum(lengths[q] for q in rows)
                out[r] = rewards[r] - (0.0 if single else sum(lengths[q] * rewards[q] for q in rows) / w)
            elif name == "gpg":
                out[r] = alpha * (rewards[r] - mean)
            elif name == "pass_at_k":
                top = torch.topk(x, 2)
                out[r] = float(top.values[0] - top.values[1]) / (std + eps) if k == int(top.indices[0]) else 0.0
    return out


def verl_advantage_cases():
    cases = []
    for seed in range(6):
        g = torch.Generator().manual_seed(2000 + seed)
        groups = [0, 1, 1, 0, 2, 2, 0, 1, 2] + ([3] if seed % 2 else [])
        rewards = [round(x, 6) for x in numbers(torch.rand(len(groups), generator=g))]
        if seed >= 3:
            rewards = [float(x > 0.5) + 0.01 * i for i, x in enumerate(rewards)]
        lengths = [int(x) for x in torch.randint(1, 9, (len(groups),), generator=g)]
        for name in ["grpo", "rloo", "opo", "gpg", "pass_at_k", "reinforce_plus_plus", "reinforce_plus_plus_baseline"]:
            if name == "pass_at_k" and 3 in groups:
                continue
            cases.append({"name": name, "rewards": rewards, "groups": groups, "lengths": lengths,
                          "advantages": verl_advantages(name, rewards, groups, lengths)})
    return cases


def check_against_verl(checkout, batches):
    """Compares the formulas above with verl's own functions, loaded from a checkout without its heavy imports."""
    import ast

    source = (Path(checkout) / "verl/trainer/ppo/core_algos.py").read_text()
    wanted = re.compile(r"^(agg_loss|kl_penalty(_forward)?|compute_policy_loss_\w+|compute_\w+_advantage)$")
    tree = ast.parse(source)
    functions = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and wanted.match(node.name):
            node.decorator_list = []
            functions.append(node)
    def masked_mean(values, mask, axis=None):
        return (torch.where(mask.bool(), values, 0.0)).sum(axis) / (mask.sum(axis) + 1e-8)
    def masked_var(values, mask):
        mean = masked_mean(values, mask)
        n = mask.sum()
        return masked_mean((values - mean) ** 2, mask) * n / (n - 1)
    def masked_whiten(values, mask):
        return (values - masked_mean(values, mask)) * torch.rsqrt(masked_var(values, mask) + 1e-8)
    import numpy as np
    from typing import Any, Callable, Optional
    scope = {"torch": torch, "np": np, "defaultdict": defaultdict, "Any": Any, "Callable": Callable, "Optional": Optional,
             "verl_F": types.SimpleNamespace(masked_mean=masked_mean, masked_sum=lambda v, m, axis=None: (v * m).sum(axis), masked_whiten=masked_whiten),
             "as_torch_index": lambda i, device=None: torch.tensor([int(x) for x in i])}
    scope["AlgoConfig"] = type("AlgoConfig", (), {})
    module = ast.Module(body=[ast.ImportFrom("__future__", [ast.alias("annotations")], 0), *functions], type_ignores=[])
    exec(compile(ast.fix_missing_locations(module), "core_algos.py", "exec"), scope)

    class Config(dict):
        def __getattr__(self, key):
            return self.get(key)
    checked, worst = set(), 0.0
    for batch in batches:
        adv, mask = batch["advantages"].unsqueeze(-1).expand(ROWS, LENGTH), batch["mask"]
        for name in VERL_TO_OPTIONS:
            function = scope.get(f"compute_policy_loss_{name}")
            if function is None:
                continue
            eps = {"dppo_tv": 0.05, "dppo_kl": 0.01}.get(name, 0.2)
            config = Config(clip_ratio=eps, clip_ratio_low=eps, clip_ratio_high=eps * 1.4, tau_pos=1.0, tau_neg=1.05, global_batch_info={})
            if "dppo" in name:
                config["clip_ratio_c"] = 20.0
            scope["ActorConfig"] = Config
            mode = "seq-mean-token-mean" if name in ("gspo", "sapo") else "token-mean"
            values, gradients = [], []
            for run in (0, 1):
                lp = batch["logProbs"].clone().requires_grad_(True)
                if run == 0:
                    loss = function(batch["oldLogProbs"], lp, adv, mask, loss_agg_mode=mode, config=config)[0]
                else:
                    o = {"epsilon": eps, "epsilonHigh": eps * 1.4}
                    loss = verl_aggregate(verl_policy(name, lp, batch["oldLogProbs"], adv, mask, o), mask, mode)
                values.append(loss)
                gradients.append(torch.autograd.grad(loss, lp)[0])
            worst = max(worst, float((values[0] - values[1]).abs()), float((gradients[0] - gradients[1]).abs().max()))
            checked.add(name)
        for kind in ["k1", "k2", "k3", "abs", "k3+"]:
            gradients = []
            for function in (scope["kl_penalty"], verl_kl):
                lp = batch["logProbs"].clone().requires_grad_(True)
                try:
                    value = function(lp, batch["referenceLogProbs"], kind)
                except NotImplementedError:
                    continue
                gradients.append((value, torch.autograd.grad(value.sum(), lp)[0]))
            if len(gradients) == 2:
                (a, ga), (b, gb) = gradients
                worst = max(worst, float((a - b).abs().max()), float((ga - gb).abs().max()))
                checked.add(kind)
    functions_of = {"grpo": "grpo_outcome", "rloo": "rloo_outcome", "opo": "opo_outcome", "gpg": "gpg_outcome", "pass_at_k": "grpo_passk_outcome",
                    "reinforce_plus_plus": "reinforce_plus_plus_outcome", "reinforce_plus_plus_baseline": "reinforce_plus_plus_baseline_outcome"}
    for case in verl_advantage_cases():
        rows = len(case["rewards"])
        mask = torch.tensor([[1.0 if t < n else 0.0 for t in range(8)] for n in case["lengths"]])
        rewards = torch.zeros(rows, 8)
        for row, (reward, n) in enumerate(zip(case["rewards"], case["lengths"])):
            rewards[row, n - 1] = reward
        function = scope.get(f"compute_{functions_of[case['name']]}_advantage")
        kwargs = {"token_level_rewards": rewards, "response_mask": mask, "index": np.array(case["groups"]), "config": Config(gamma=1.0, norm_adv_by_std_in_grpo=True)}
        accepted = inspect.signature(function).parameters
        result, _ = function(**{k: v for k, v in kwargs.items() if k in accepted})
        expected = torch.tensor(case["advantages"]).unsqueeze(-1) * mask
        worst = max(worst, float((result * mask - expected).abs().max()))
        checked.add(case["name"])
    print(f"verl checkout: {len(checked)} functions agree, largest difference {worst:.1e}: {', '.join(sorted(checked))}", file=sys.stderr)
    # verl divides by (count + 1e-8) in its masked means, which alone is worth about 1e-8.
    assert worst < 2e-8, worst


# ---------------------------------------------------------------- OpenRLHF's published formulas


def openrlhf_cases(batches):
    cases = []
    for index, batch in enumerate(batches):
        adv, mask = batch["advantages"].unsqueeze(-1), batch["mask"]
        for high in [0.2, 0.28]:
            lp = batch["logProbs"].clone().requires_grad_(True)
            r = torch.exp(lp - batch["oldLogProbs"])
            loss = -torch.min(r * adv, r.clamp(0.8, 1 + high) * adv)
            k2 = 0.5 * (lp - batch["referenceLogProbs"]) ** 2
            total = ((loss + 0.01 * k2) * mask).sum() / mask.sum()
            (gradient,) = torch.autograd.grad(total, lp)
            cases.append({"batch": index, "options": {"epsilonHigh": high}, "loss": float(total),
                          "gradient": [round(v, 14) for v in numbers(gradient)]})
    return cases


def openrlhf_advantages():
    cases = []
    for seed in range(4):
        g = torch.Generator().manual_seed(3000 + seed)
        rewards = torch.rand(3, 4, generator=g)
        advantages = (rewards - rewards.mean(-1, keepdim=True)) / (rewards.std(-1, keepdim=True) + 1e-9)
        cases.append({"rewards": numbers(rewards), "numGenerations": 4, "advantages": numbers(advantages)})
    return cases


def write(name, value):
    OUT.mkdir(parents=True, exist_ok=True)
    text = json.dumps(value, separators=(",", ":"))
    (OUT / name).write_text(text + "\n")
    print(f"{name}: {len(text) // 1024} KB", file=sys.stderr)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--verl")
    options = parser.parse_args()
    batches = [make_batch(seed, [0.15, 0.4, 0.15, 0.8][seed]) for seed in range(4)]
    if options.verl:
        check_against_verl(options.verl, batches)
    published = [public(batch) for batch in batches]
    cases = trl_cases()
    print(f"{len(cases)} TRL loss cases", file=sys.stderr)
    write("trl-losses.json", {
        "source": f"trl {trl.__version__}, torch {torch.__version__}, float64",
        "batches": published,
        "cases": [{"batch": b, "options": o, **trl_loss(batches[b], o)} for b, o in cases],
    })
    write("trl-advantages.json", {"cases": trl_advantage_cases()})
    write("verl.json", {"batches": published, "cases": verl_cases(batches), "advantages": verl_advantage_cases()})
    write("openrlhf.json", {"batches": published, "cases": openrlhf_cases(batches), "advantages": openrlhf_advantages()})


main()
