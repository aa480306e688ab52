import { slope } from "./diagnostics.js";

/** What the monitor looks at after every optimizer step. */
export interface RunObservation {
  readonly step: number;
  /** Mean total reward of the rollout. */
  readonly reward: number;
  /** Share of groups without reward variance. */
  readonly zeroVariance: number;
  /** Correlation of total reward and length in the rollout. */
  readonly rewardLengthCorrelation: number;
  /** Mean completion length in tokens. */
  readonly meanLength: number;
  /** Share of completions cut at the length limit. */
  readonly truncated: number;
  /** Mean KL to the reference a token; 0 without one. */
  readonly kl: number;
  /** Mean of -logp per token. */
  readonly entropyEstimate: number;
  /** Effective share of the tokens. */
  readonly effectiveSampleSize: number;
  /** Share of clipped tokens. */
  readonly clipFraction: number;
}

/** A sign that the run is going wrong, with the numbers that say so. Evidence, not a verdict. */
export interface Alarm {
  /** Stable name of the rule. */
  readonly rule: "dead-groups" | "entropy-collapse" | "kl-runaway" | "length-hacking" | "off-policy" | "truncation";
  readonly step: number;
  /** What was seen, over which window, and what usually helps. */
  readonly message: string;
  /** The numbers behind it. */
  readonly evidence: Readonly<Record<string, number>>;
}

/** Thresholds of the alarms. */
export interface CollapseMonitorOptions {
  /** Steps a judgement is based on; default 10. Nothing is said before. */
  readonly window?: number;
  /** Mean share of dead groups that is too much; default 0.6. */
  readonly deadGroups?: number;
  /** Entropy below this share of that of the first window; default 0.2. */
  readonly entropyShare?: number;
  /** Mean KL a token that is too much (nats); default 0.5. */
  readonly kl?: number;
  /** Correlation of reward and length that is suspicious while lengths move; default 0.7. */
  readonly lengthCorrelation?: number;
  /** Effective sample size below this; default 0.5. */
  readonly effectiveSampleSize?: number;
  /** Share of truncated completions that is too much; default 0.5. */
  readonly truncated?: number;
}

type Field = Exclude<keyof RunObservation, "step">;

/** Watches a run for the ways GRPO is known to fail. Each rule speaks when it begins to hold, and again after it stopped. */
export class CollapseMonitor {
  private readonly seen: RunObservation[] = [];
  private readonly active = new Set<string>();
  private initialEntropy: number | undefined;
  private readonly limits;

  constructor(options: CollapseMonitorOptions = {}) {
    this.limits = {
      window: 10,
      deadGroups: 0.6,
      entropyShare: 0.2,
      kl: 0.5,
      lengthCorrelation: 0.7,
      effectiveSampleSize: 0.5,
      truncated: 0.5,
      ...options,
    };
  }

  /** Adds one step; returns the alarms that begin with it. */
  observe(observation: RunObservation): Alarm[] {
    const { limits, seen } = this;
    seen.push(observation);
    if (seen.length < limits.window) return [];
    if (seen.length > limits.window) seen.shift();
    const mean = (field: Field) => seen.reduce((sum, o) => sum + o[field], 0) / seen.length;
    const trend = (field: Field) => slope(seen.map((o) => o[field]));
    this.initialEntropy ??= mean("entropyEstimate");
    const entropy = mean("entropyEstimate");
    const correlated = mean("rewardLengthCorrelation");
    const lengthTrend = trend("meanLength");
    const over = `over the last ${seen.length} steps`;
    const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
    const candidates: (Omit<Alarm, "step"> & { readonly holds: boolean })[] = [
      {
        rule: "dead-groups",
        holds: mean("zeroVariance") > limits.deadGroups,
        message: `${percent(mean("zeroVariance"))} of the groups had no reward variance ${over}: little is being learned. Look at the causes (allLow, allHigh, tied), at prompt difficulty and at reward resolution`,
        evidence: { zeroVariance: mean("zeroVariance"), slope: trend("zeroVariance"), reward: mean("reward") },
      },
      {
        rule: "entropy-collapse",
        holds: entropy < limits.entropyShare * this.initialEntropy,
        message: `entropy fell to ${percent(entropy / this.initialEntropy)} of its start ${over}: the policy hardly explores. A higher epsilonHigh, an entropy bonus or a smaller learning rate usually helps`,
        evidence: { entropy, initialEntropy: this.initialEntropy, slope: trend("entropyEstimate") },
      },
      {
        rule: "kl-runaway",
        holds: mean("kl") > limits.kl && (trend("kl") > 0 || this.active.has("kl-runaway")),
        message: `KL to the reference is ${mean("kl").toFixed(3)} nats a token and rising ${over}: the policy leaves the reference. Raise beta or lower the learning rate, and read samples for reward hacking`,
        evidence: { kl: mean("kl"), slope: trend("kl"), reward: mean("reward") },
      },
      {
        rule: "length-hacking",
        holds: Math.abs(correlated) > limits.lengthCorrelation && correlated * lengthTrend > 0,
        message: `reward and length correlate at ${correlated.toFixed(2)} while lengths ${lengthTrend > 0 ? "grow" : "shrink"} ${over}: the reward may be paying for length. Read samples; compare rewards at equal length`,
        evidence: { correlation: correlated, lengthSlope: lengthTrend, rewardSlope: trend("reward") },
      },
      {
        rule: "off-policy",
        holds: mean("effectiveSampleSize") < limits.effectiveSampleSize,
        message: `only ${percent(mean("effectiveSampleSize"))} of the tokens count effectively ${over}: ratios are spread out. Fewer iterations, less lag or a smaller learning rate usually helps`,
        evidence: { effectiveSampleSize: mean("effectiveSampleSize"), clipFraction: mean("clipFraction") },
      },
      {
        rule: "truncation",
        holds: mean("truncated") > limits.truncated,
        message: `${percent(mean("truncated"))} of the completions were cut at the length limit ${over}: they are judged unfinished. Raise maxCompletionLength or set maskTruncatedCompletions`,
        evidence: { truncated: mean("truncated"), meanLength: mean("meanLength") },
      },
    ];
    const alarms: Alarm[] = [];
    for (const { holds, ...alarm } of candidates) {
      if (holds && !this.active.has(alarm.rule)) alarms.push({ ...alarm, step: observation.step });
      if (holds) this.active.add(alarm.rule);
      else this.active.delete(alarm.rule);
    }
    return alarms;
  }
}
