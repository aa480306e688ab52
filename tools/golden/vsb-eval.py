"""Golden values of vsb-eval's statistics.

Run with scipy 1.17 and statsmodels 0.15 (checked below): python tools/golden/vsb-eval.py
Writes packages/vsb-eval/test/golden/statistics.json.
"""

import json
import pathlib

import numpy as np
import scipy
import statsmodels
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.inter_rater import cohens_kappa, to_table
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

print("scipy", scipy.__version__, "statsmodels", statsmodels.__version__)
assert scipy.__version__.startswith("1.") and statsmodels.__version__.startswith("0.15")

rng = np.random.default_rng(0)
out = {}
out["wilson"] = []
for n in (1, 7, 30, 120, 3800):
    for k in sorted({0, 1, n // 3, n // 2, n - 1, n}):
        if k > n:
            continue
        for level in (0.9, 0.95):
            low, high = proportion_confint(k, n, alpha=1 - level, method="wilson")
            out["wilson"].append([k, n, level, float(low), float(high)])
out["normal"] = [[p, float(stats.norm.ppf(p))] for p in (1e-9, 1e-4, 0.025, 0.2, 0.5, 0.8, 0.975, 0.9999)]
out["cdf"] = [[x, float(stats.norm.cdf(x))] for x in (-9, -6, -4.1, -3.9, -1.5, 0, 0.3, 2.2, 3.9, 4.1, 6)]
out["mcnemar"] = []
for b, c in ((0, 3), (3, 9), (12, 12), (5, 19), (10, 15), (30, 12), (100, 60), (200, 199)):
    exact = b + c < 25
    result = mcnemar([[5, b], [c, 7]], exact=exact, correction=True)
    out["mcnemar"].append([b, c, "exact" if exact else "chi-square", float(result.pvalue)])
out["adjust"] = []
for size in (1, 2, 5, 12):
    p = [float(x) for x in np.round(rng.uniform(0, 0.2, size), 4)]
    if size == 5:
        p[1] = p[3]
    out["adjust"].append(
        {
            "p": p,
            "holm": [float(x) for x in multipletests(p, method="holm")[1]],
            "bh": [float(x) for x in multipletests(p, method="fdr_bh")[1]],
        }
    )
out["kappa"] = []
for bias in (0.5, 0.9, 0.97):
    first = rng.uniform(size=60) < bias
    second = np.where(rng.uniform(size=60) < 0.8, first, ~first)
    table = to_table(np.stack([first.astype(int), second.astype(int)], 1), 2)[0]
    out["kappa"].append(
        {
            "first": first.astype(int).tolist(),
            "second": second.astype(int).tolist(),
            "kappa": float(cohens_kappa(table).kappa),
        }
    )
out["quantile"] = []
values = [float(x) for x in np.round(rng.normal(size=11), 4)]
for q in (0, 0.025, 0.31, 0.5, 0.975, 1):
    out["quantile"].append([q, float(np.quantile(values, q))])
out["quantileValues"] = values
out["binomial"] = [
    {"n": n, "p": p, "pmf": [float(x) for x in stats.binom.pmf(np.arange(n + 1), n, p)]}
    for n, p in ((5, 0.3), (40, 0.5), (60, 0.93), (200, 0.12))
]
# Percentile cluster bootstrap of a ratio by drawing clusters one by one, 200,000 draws.
clusters = [[int(x), 3] for x in rng.binomial(3, rng.beta(2, 1, size=40))]
data = np.array(clusters)
draws = rng.integers(0, len(data), size=(200_000, len(data)))
sums = data[draws].sum(axis=1)
ratio = sums[:, 0] / sums[:, 1]
out["bootstrap"] = {
    "clusters": clusters,
    "lower": float(np.quantile(ratio, 0.025)),
    "upper": float(np.quantile(ratio, 0.975)),
    "standardError": float(ratio.std(ddof=1)),
}
out["beta"] = [
    [p, a, b, float(stats.beta.ppf(p, a, b))]
    for p in (0.025, 0.5, 0.975)
    for a, b in ((1, 30), (0.7, 12.4), (29, 2), (500, 3300), (5000, 5000))
]
out["student"] = [[p, df, float(stats.t.ppf(p, df))] for p in (0.6, 0.975, 0.995) for df in (1, 4, 29, 1000, 12941)]
out["clopperPearson"] = []
for k, n in ((0, 10), (3, 10), (10, 10), (18, 3800)):
    low, high = proportion_confint(k, n, alpha=0.05, method="beta")
    out["clopperPearson"].append([k, n, float(low), float(high)])
path = pathlib.Path(__file__).parents[2] / "packages/vsb-eval/test/golden/statistics.json"
path.parent.mkdir(parents=True, exist_ok=True)
path.write_text(json.dumps(out))
