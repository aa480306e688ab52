/** Ratings of one unit by each rater; null where a rater gave none. */
export type Ratings = readonly (string | null)[];

/** Agreement between raters. */
export interface Agreement {
  /** Units with at least two ratings. */
  readonly units: number;
  /** Share of agreeing pairs of ratings; null without units. */
  readonly observed: number | null;
  /** Cohen's kappa, for two raters; null for other numbers of raters, and when chance agreement is 1. */
  readonly cohenKappa: number | null;
  /** Krippendorff's alpha for nominal data with missing ratings; null when only one category occurs. */
  readonly krippendorffAlpha: number | null;
  /** Gwet's AC1; null when only one category occurs. Unlike kappa it does not collapse when one class dominates. */
  readonly gwetAc1: number | null;
}

function tally(values: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

/** Cohen (1960): (p_o - p_e) / (1 - p_e) over units that both raters rated; null when p_e = 1. */
export function cohenKappa(pairs: readonly (readonly [string, string])[]): number | null {
  const n = pairs.length;
  if (n === 0) return null;
  const first = tally(pairs.map(([a]) => a));
  const second = tally(pairs.map(([, b]) => b));
  const observed = pairs.filter(([a, b]) => a === b).length / n;
  let expected = 0;
  for (const [category, count] of first) expected += (count / n) * ((second.get(category) ?? 0) / n);
  return expected === 1 ? null : (observed - expected) / (1 - expected);
}

/**
 * Agreement of any number of raters on nominal categories.
 *
 * Krippendorff's alpha: 1 - D_o / D_e from the coincidence matrix of pairable ratings (Krippendorff 2011). Gwet's
 * AC1 (2008), its form for several raters: p_e = 1 / (Q - 1) sum_k pi_k (1 - pi_k), pi_k the mean share of category k.
 */
export function agreementOf(ratings: readonly Ratings[]): Agreement {
  const rated = ratings.map((unit) => unit.filter((value) => value !== null));
  const units = rated.filter((unit) => unit.length >= 2);
  const raters = ratings[0]?.length ?? 0;
  if (units.length === 0) return { units: 0, observed: null, cohenKappa: null, krippendorffAlpha: null, gwetAc1: null };

  const totals = new Map<string, number>();
  const shares = new Map<string, number>();
  let pairable = 0;
  let coincident = 0;
  let observed = 0;
  for (const unit of units) {
    const counts = tally(unit);
    const m = unit.length;
    pairable += m;
    let agreeing = 0;
    for (const [category, count] of counts) {
      agreeing += count * (count - 1);
      totals.set(category, (totals.get(category) ?? 0) + count);
    }
    coincident += agreeing / (m - 1);
    observed += agreeing / (m * (m - 1));
  }
  const single = rated.filter((unit) => unit.length >= 1);
  for (const unit of single) {
    for (const [category, count] of tally(unit))
      shares.set(category, (shares.get(category) ?? 0) + count / unit.length);
  }
  observed /= units.length;
  let chance = 0;
  for (const total of totals.values()) chance += total * (total - 1);
  const expectedAgreement = chance / (pairable * (pairable - 1));
  const alpha = totals.size < 2 ? null : 1 - (1 - coincident / pairable) / (1 - expectedAgreement);
  let ac1: number | null = null;
  if (shares.size >= 2) {
    let spread = 0;
    for (const share of shares.values()) spread += (share / single.length) * (1 - share / single.length);
    const expected = spread / (shares.size - 1);
    ac1 = (observed - expected) / (1 - expected);
  }
  const pairs = ratings.flatMap(([a, b]) => (a != null && b != null ? [[a, b] as const] : []));
  return {
    units: units.length,
    observed,
    cohenKappa: raters === 2 ? cohenKappa(pairs) : null,
    krippendorffAlpha: alpha,
    gwetAc1: ac1,
  };
}
