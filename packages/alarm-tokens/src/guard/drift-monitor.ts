import { createRng, type RngState } from "@videosafety/random";
import { described } from "@videosafety/safety-data/schema";
import * as z from "zod/mini";
import { CalibrationError, NonFiniteError } from "../errors.js";
import { ScoreRanks } from "./score-ranks.js";

/** Options of `createDriftMonitor`. */
export interface DriftMonitorOptions {
  /** Probability that it ever alarms while nothing drifts, in (0, 1); default 0.01. */
  readonly falseAlarmRate?: number;
  /**
   * The share of highest scores that it watches beside the whole distribution, in (0, 1); default 0.05. The guard's target rate, or a little more: there
   * refusals happen.
   */
  readonly tail?: number;
  /** Breaks ties between equal scores; default 0. */
  readonly seed?: number;
  /** Most live scores that are tested and held in memory (8 bytes each); default 1,000,000. Later ones change nothing. */
  readonly maximumScores?: number;
}

/** What is known after a live score. */
export interface DriftReading {
  /** Live scores tested so far. */
  readonly observed: number;
  /**
   * The evidence against "nothing drifts", an e-value: 1 at the start, at most 1 in the mean while nothing drifts, whenever one looks. 100 says that
   * a bet against exchangeability multiplied its stake by 100.
   */
  readonly evidence: number;
  /** Its natural logarithm, which does not overflow. */
  readonly logEvidence: number;
  /** True from the first time on that the evidence reached 1 / falseAlarmRate. */
  readonly drifted: boolean;
  /** The `maximumScores` are used up: start a new monitor on a new calibration. */
  readonly exhausted: boolean;
}

/** Watches live scores for a change from the calibration. */
export interface DriftMonitor {
  /** Tests one more live score. @throws NonFiniteError, changing nothing */
  observe(score: number): DriftReading;
  /** As after the last score. */
  reading(): DriftReading;
  /** Everything, as plain JSON; `resumeDriftMonitor` goes on from it as if it had not stopped. */
  state(): DriftMonitorState;
}

/** Rates at which the bets change their mind, from a change at once to one after ten thousand scores (Vovk et al. 2021, composite jumper). */
const JUMP_RATES = [1e-4, 1e-3, 1e-2, 1e-1, 1];
/** Slopes of bets on the whole distribution: 0 sits out, 1 bets on lower, -1 on higher scores. */
const SLOPES = [-1, 0, 1];
/** Shares of the most that may be staked on a score in the tail. */
const STAKES = [0, 0.05, 0.15, 0.4];

const options = {
  falseAlarmRate: z.number().check(z.gt(0), z.lt(1)),
  tail: z.number().check(z.gt(0), z.lt(1)),
  maximumScores: z.int().check(z.positive()),
};
const stateSchema = z.strictObject({
  format: z.literal("videosafety-drift-1"),
  ...options,
  rng: z.custom<RngState>((value) => Array.isArray(value)),
  scores: described(z.array(z.number()), "calibration and live, rising"),
  observed: z.int().check(z.nonnegative()),
  drifted: z.boolean(),
  logCapital: described(z.array(z.array(z.number())), "of each jump rate: logarithms of the bets' shares"),
});
/** A monitor as it is stored. */
export type DriftMonitorState = z.infer<typeof stateSchema>;

/**
 * A test of exchangeability that may be looked at after every score: a conformal test martingale (Vovk, Nouretdinov and Gammerman 2003; composite
 * jumper: Vovk et al., arXiv 2102.10439). Each live score gets a conformal p-value among all scores before it. As long as live scores are
 * exchangeable with the calibration scores, p-values are independent and uniform, no bet on them gains in the mean, and by Ville's inequality the
 * probability that the evidence ever reaches 1 / falseAlarmRate is at most falseAlarmRate, whatever the scores' distribution, whenever one looks or
 * stops. A guard's promise rests on the same exchangeability: after an alarm it is void, and the guard wants a new calibration.
 *
 * Half of the stake bets on a shift of all scores, half on more of the highest `tail`, where refusals happen.
 *
 * What is compared must be alike: with `safeScores` of a calibration, live scores of inputs that are known to be safe (a reviewed sample of traffic, say);
 * to watch all traffic, scores of unlabelled traffic from the days of the calibration. No alarm is no proof that nothing drifts.
 *
 * @param calibrationScores what the threshold was made from (`GuardCalibration.safeScores`); at least 19
 * @throws CalibrationError `too-few-samples`, `invalid-target`; NonFiniteError
 */
export function createDriftMonitor(
  calibrationScores: readonly number[],
  { falseAlarmRate = 0.01, tail = 0.05, seed = 0, maximumScores = 1_000_000 }: DriftMonitorOptions = {},
): DriftMonitor {
  const parsed = z.strictObject(options).safeParse({ falseAlarmRate, tail, maximumScores });
  if (!parsed.success)
    throw new CalibrationError(
      "invalid-target",
      `expected options of a drift monitor, found:\n${z.prettifyError(parsed.error)}`,
    );
  if (calibrationScores.length < 19)
    throw new CalibrationError(
      "too-few-samples",
      `expected at least 19 calibration scores, found ${calibrationScores.length}; ranks among fewer tell nothing of a tail`,
    );
  const start = (count: number): number[] => new Array<number>(count).fill(-Math.log(2 * JUMP_RATES.length * count));
  return monitorOf({
    format: "videosafety-drift-1",
    ...parsed.data,
    rng: createRng(seed).state,
    scores: calibrationScores.map(checkFinite),
    observed: 0,
    drifted: false,
    logCapital: [...JUMP_RATES.map(() => start(SLOPES.length)), ...JUMP_RATES.map(() => start(STAKES.length))],
  });
}

/** Goes on from a stored state. @throws CalibrationError `invalid-calibration` */
export function resumeDriftMonitor(state: unknown): DriftMonitor {
  const parsed = stateSchema.safeParse(state);
  const fits = parsed.success && parsed.data.logCapital.length === 2 * JUMP_RATES.length;
  if (parsed.success && fits) return monitorOf(parsed.data);
  const found = parsed.success ? "bets of another version" : z.prettifyError(parsed.error as z.core.$ZodError);
  throw new CalibrationError("invalid-calibration", `expected the state of a drift monitor, found:\n${found}`);
}

function monitorOf(state: DriftMonitorState): DriftMonitor {
  const { falseAlarmRate, tail, maximumScores } = state;
  const rng = createRng(state.rng);
  const ranks = new ScoreRanks();
  for (const score of state.scores) ranks.add(score);
  let { observed, drifted } = state;
  const logCapital = state.logCapital.map((row) => [...row]);

  const reading = (): DriftReading => {
    const logEvidence = logSum(logCapital.flat());
    return { observed, evidence: Math.exp(logEvidence), logEvidence, drifted, exhausted: observed >= maximumScores };
  };
  return {
    observe(score) {
      checkFinite(score);
      if (observed >= maximumScores) return reading();
      const { above, equal } = ranks.rank(score);
      // Random among equals, itself included: uniform also when scores repeat.
      const p = (above + rng.uniform() * (equal + 1)) / (ranks.size + 1);
      ranks.add(score);
      observed++;
      logCapital.forEach((capital, k) => {
        const slopes = k < JUMP_RATES.length;
        const gains = slopes
          ? SLOPES.map((slope) => 1 + slope * (p - 0.5))
          : STAKES.map((stake) => 1 + (stake / tail) * ((p <= tail ? 1 : 0) - tail));
        betInto(capital, JUMP_RATES[k % JUMP_RATES.length] as number, gains);
      });
      const now = reading();
      drifted ||= now.logEvidence >= -Math.log(falseAlarmRate);
      return { ...now, drifted };
    },
    reading,
    state: () => ({
      ...state,
      rng: rng.state,
      scores: ranks.values(),
      observed,
      drifted,
      logCapital: logCapital.map((row) => [...row]),
    }),
  };
}

/** Spreads a share `jump` of the capital evenly over the bets, then multiplies each by what it gained; all in logarithms. */
function betInto(logCapital: number[], jump: number, gains: readonly number[]): void {
  const total = logSum(logCapital);
  const spread = Math.log(jump / logCapital.length) + total;
  for (let i = 0; i < logCapital.length; i++) {
    const kept = jump < 1 ? Math.log1p(-jump) + (logCapital[i] as number) : Number.NEGATIVE_INFINITY;
    logCapital[i] = logSum([kept, spread]) + Math.log(gains[i] as number);
  }
}

function logSum(values: readonly number[]): number {
  const most = values.reduce((a, b) => Math.max(a, b));
  return most + Math.log(values.reduce((sum, value) => sum + Math.exp(value - most), 0));
}

function checkFinite(score: number): number {
  if (!Number.isFinite(score)) throw new NonFiniteError(`expected a finite score, found ${score}`);
  return score;
}
