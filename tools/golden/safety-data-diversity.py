"""BLEU and self-BLEU by nltk, and gzip's ratio, for random token lists.

Writes packages/safety-data/test/golden/diversity.json. Needs nltk 3.10.3 (its sentence_bleu; no data packages).
"""

import gzip
import json
import random
import warnings
from pathlib import Path

import nltk
from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu

assert nltk.__version__ == "3.10.3", nltk.__version__
warnings.filterwarnings("ignore")
OUT = Path(__file__).parents[2] / "packages/safety-data/test/golden/diversity.json"
rng = random.Random(7)
smoothing = SmoothingFunction()


def tokens(words, longest):
    return [f"w{int(rng.paretovariate(1.2)) % words}" for _ in range(rng.randint(0, longest))]


def bleu(references, hypothesis, order, method):
    weights = tuple([1 / order] * order)
    return float(sentence_bleu(references, hypothesis, weights, getattr(smoothing, method)))


pairs = []
for i in range(120):
    words, longest = rng.choice([(3, 6), (12, 12), (40, 25)])
    references = [tokens(words, longest) for _ in range(rng.randint(1, 5))]
    hypothesis = tokens(words, longest)
    if i % 10 == 0:
        hypothesis = list(rng.choice(references))
    order, method = rng.randint(1, 5), f"method{i % 3}"
    pairs.append([references, hypothesis, order, method, bleu(references, hypothesis, order, method)])
sets = []
for i in range(9):
    words, longest = [(4, 5), (15, 12), (60, 30)][i % 3]
    texts = [tokens(words, longest) for _ in range(rng.randint(2, 30))]
    if i >= 6:
        texts += texts[:3]
    method = f"method{(i // 3 + i) % 3}"
    scores = [bleu(texts[:t] + texts[t + 1 :], text, 4, method) for t, text in enumerate(texts)]
    sets.append({"texts": texts, "method": method, "scores": scores})
texts = [" ".join(tokens(30, 20)) for _ in range(200)]
data = "\n".join(texts).encode()
OUT.parent.mkdir(exist_ok=True)
OUT.write_text(
    json.dumps(
        {
            "source": f"nltk {nltk.__version__}",
            "pairs": pairs,
            "sets": sets,
            "gzip": {"texts": texts, "ratio": len(data) / len(gzip.compress(data, 6, mtime=0))},
        }
    )
    + "\n"
)
