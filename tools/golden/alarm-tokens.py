"""Golden values of the AT-SFT loss: PyTorch's cross-entropy and BCE-with-logits, with autograd.

Writes packages/alarm-tokens/test/golden/at-sft-loss.json. Needs torch 2.13.0.
"""

import json
from pathlib import Path

import torch
import torch.nn.functional as F

assert torch.__version__.split("+")[0] == "2.13.0", torch.__version__
OUT = Path(__file__).parents[2] / "packages/alarm-tokens/test/golden/at-sft-loss.json"


def numbers(tensor):
    return tensor.detach().flatten().tolist()


def head_loss(hidden, weight, bias, labels, pos_weight, gamma, normalizer):
    """BCE with logits over the samples whose label is not -1; focal factor (1 - p_t)^gamma."""
    logits = F.linear(hidden, weight, bias).squeeze(-1)
    known = labels >= 0
    target = labels.clamp(min=0).to(logits.dtype)
    each = F.binary_cross_entropy_with_logits(
        logits, target, reduction="none", pos_weight=torch.tensor(pos_weight, dtype=logits.dtype)
    )
    p = torch.sigmoid(logits)
    p_t = torch.where(target == 1, p, 1 - p)
    each = each * (1 - p_t) ** gamma if gamma else each
    return logits, (each * known).sum() / normalizer


def case(name, seed, lambdas, visual_labels, textual_labels, pos_weight=1.0, gamma=0.0, normalizers=None):
    generator = torch.Generator().manual_seed(seed)
    batch, length, vocabulary, width = len(visual_labels), 6, 11, 5
    draw = lambda *shape: torch.randn(*shape, generator=generator, dtype=torch.float64).round(decimals=4)
    token_logits = draw(batch, length, vocabulary) * 2
    targets = torch.randint(0, vocabulary, (batch, length), generator=generator)
    ignored = torch.rand(batch, length, generator=generator) < 0.4
    targets[ignored] = -100
    log_probs = torch.log_softmax(token_logits, -1).gather(-1, targets.clamp(min=0)[..., None]).squeeze(-1)
    leaves = {
        "tokenLogProbs": log_probs.detach().requires_grad_(),
        "visualHidden": draw(batch, width).requires_grad_(),
        "textualHidden": draw(batch, width).requires_grad_(),
        "visualWeight": draw(1, width).requires_grad_(),
        "visualBias": draw(1).requires_grad_(),
        "textualWeight": draw(1, width).requires_grad_(),
        "textualBias": draw(1).requires_grad_(),
    }
    visual, textual = torch.tensor(visual_labels), torch.tensor(textual_labels)
    count = normalizers or {
        "tokens": int((targets >= 0).sum()),
        "visual": max(1, int((visual >= 0).sum())),
        "textual": max(1, int((textual >= 0).sum())),
    }
    weights = (targets >= 0).to(torch.float64)
    loss_lm = -(leaves["tokenLogProbs"] * weights).sum() / count["tokens"]
    if normalizers is None:  # the definition the authors train with
        reference = F.cross_entropy(token_logits.flatten(0, 1), targets.flatten(), ignore_index=-100)
        assert torch.allclose(loss_lm, reference)
    _, loss_visual = head_loss(
        leaves["visualHidden"], leaves["visualWeight"], leaves["visualBias"], visual, pos_weight, gamma, count["visual"]
    )
    _, loss_textual = head_loss(
        leaves["textualHidden"], leaves["textualWeight"], leaves["textualBias"], textual, pos_weight, gamma, count["textual"]
    )
    loss = loss_lm + lambdas[0] * loss_visual + lambdas[1] * loss_textual
    gradients = torch.autograd.grad(loss, list(leaves.values()), allow_unused=True)
    return {
        "name": name,
        "batch": batch,
        "width": width,
        "lambdaVisual": lambdas[0],
        "lambdaTextual": lambdas[1],
        "harmfulWeight": pos_weight,
        "focalGamma": gamma,
        "normalizers": count,
        "inputs": {key: numbers(value) for key, value in leaves.items()},
        "tokenWeights": numbers(weights),
        "visualLabels": visual_labels,
        "textualLabels": textual_labels,
        "expected": {
            "loss": loss.item(),
            "lossLm": loss_lm.item(),
            "lossVisual": loss_visual.item(),
            "lossTextual": loss_textual.item(),
            "gradients": {key: numbers(value) for key, value in zip(leaves, gradients)},
        },
    }


cases = [
    case("authors: lambda 0.1 each, every label known", 1, (0.1, 0.1), [1, 0, 1, 0], [1, 1, 0, 0]),
    case("stage 1: heads off", 2, (0.0, 0.0), [1, 0], [0, 1]),
    case("labels missing per modality (-1)", 3, (1.0, 0.5), [1, -1, 0, -1], [-1, -1, 1, 0]),
    case("harmful class weighs 3", 4, (0.3, 0.2), [1, 0, 0, 0], [0, 1, 0, 0], pos_weight=3.0),
    case("focal loss, gamma 2", 5, (0.1, 0.1), [1, 0, 1, 0, 1], [0, 0, 1, 1, 0], gamma=2.0),
    case(
        "one micro-batch of a larger batch",
        6,
        (0.1, 0.1),
        [1, 0, 1],
        [0, -1, 1],
        normalizers={"tokens": 100, "visual": 12, "textual": 9},
    ),
]
OUT.parent.mkdir(parents=True, exist_ok=True)
OUT.write_text(json.dumps({"generator": "tools/golden/alarm-tokens.py", "torch": torch.__version__, "cases": cases}, indent=1) + "\n")
print(f"{OUT}: {len(cases)} cases, {OUT.stat().st_size} bytes")
