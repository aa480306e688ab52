import { parseArm } from "../arms/arm.js";
import { checkArmAttacks } from "../arms/attacked-input.js";
import { findAttack } from "../attacks/attack-registry.js";
import { VsbEvalError } from "../errors.js";
import type { Responder, ResponderAnswer, ResponderRequest } from "../run/responder.js";
import { runEvaluation } from "../run/run-evaluation.js";
import {
  attackArm,
  type CostLog,
  intensitiesOf,
  itemsOf,
  type MatrixAttack,
  type MatrixGroup,
  type MatrixOptions,
  type MatrixRun,
  rowsBySplit,
} from "./matrix-options.js";

/** Progress of a matrix. */
export interface MatrixProgress {
  /** Seed and run that is being asked. */
  readonly seed: number;
  /** Name of the run. */
  readonly run: string;
  /** Units of this run that are finished. */
  readonly done: number;
  /** Units of this run. */
  readonly total: number;
}

/** Every arm of the matrix, once. */
export function matrixArms({ attacks }: Pick<MatrixOptions, "attacks">): string[] {
  return [
    ...new Set(attacks.flatMap((attack) => intensitiesOf(attack).map((intensity) => attackArm(attack, intensity)))),
  ];
}

/**
 * Checks rows and columns before anything is asked.
 *
 * @throws {VsbEvalError} `invalid_input` for names that stand twice, a defense of unknown runs, groups without the same runs, or no
 *   harmful or no safe item; `invalid_arm` for attacks that are unknown or cannot be made
 */
export function checkMatrix(options: MatrixOptions): void {
  const { groups, attacks, defenses } = options;
  const refuse = (message: string): never => {
    throw new VsbEvalError("invalid_input", message);
  };
  const unique = (what: string, names: readonly string[]): void => {
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    if (twice !== undefined) refuse(`expected unique names of ${what}, found "${twice}" twice`);
  };
  if (groups.length === 0) refuse("expected at least one group of items, found none");
  if (attacks.length === 0 || defenses.length === 0) refuse("expected at least one attack and one defense, found none");
  unique(
    "attacks",
    attacks.map(({ name }) => name),
  );
  unique(
    "defenses",
    defenses.map(({ name }) => name),
  );
  unique(
    "seeds",
    groups.map(({ seed }) => String(seed)),
  );
  const wanted = (groups[0] as MatrixGroup).runs.map(({ name }) => name);
  unique("runs", wanted);
  for (const { seed, runs, items } of groups) {
    const found = runs.map(({ name }) => name);
    if (found.join("\n") !== wanted.join("\n"))
      refuse(`expected the runs ${wanted.join(", ")} in every group, found ${found.join(", ")} for seed ${seed}`);
    for (const [row] of rowsBySplit(attacks))
      for (const safe of [true, false])
        if (!itemsOf({ items }, row as MatrixAttack).some(({ subset }) => (subset === "SafeQ") === safe))
          refuse(
            `expected ${safe ? "safe" : "harmful"} items${row?.split === undefined ? "" : ` of split "${row.split}"`} for seed ${seed}, found none: rates need both`,
          );
    for (const { attacks: own = [], sampling } of runs)
      for (const arm of matrixArms(options).map(parseArm)) checkArmAttacks(arm, own, sampling);
  }
  for (const { name, runs } of defenses) {
    checkSameAttacks(groups, name, runs, refuse);
    const unknown = runs.find((run) => !wanted.includes(run));
    if (runs.length === 0 || unknown !== undefined)
      refuse(`defense ${name}: expected runs of ${wanted.join(", ")}, found ${unknown ?? "none"}`);
  }
  for (const { arm, intensities } of attacks) {
    if (intensities.length > 0 && !arm.includes("+"))
      refuse(`expected an attack after "${arm}" for intensities, found none`);
    if (arm.includes(":")) refuse(`expected an arm without intensities, found "${arm}": give them in intensities`);
  }
}

/** Runs of one defense must meet the same attacked item: what was searched against one of them is no attack on the others. */
function checkSameAttacks(
  groups: readonly MatrixGroup[],
  defense: string,
  names: readonly string[],
  refuse: (message: string) => never,
): void {
  for (const { seed, runs } of groups) {
    const met = new Map<string, unknown>();
    for (const { attacks = [] } of runs.filter(({ name }) => names.includes(name)))
      for (const attack of attacks) {
        const known = met.get(attack.name) ?? attack;
        met.set(attack.name, known);
        if (known !== attack)
          refuse(
            `defense ${defense}: expected one attack "${attack.name}" for all of its runs, found another for one of them (seed ${seed}): search it against one and give it to all`,
          );
      }
  }
}

/** The same responder, with what its requests took. */
function metered(
  responder: Responder,
  run: { readonly seed: number; readonly run: string },
  log: CostLog | undefined,
): Responder {
  if (log === undefined) return responder;
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const timed = async <T>(
    requests: readonly ResponderRequest[],
    work: () => Promise<T>,
    answersOf: (result: T) => readonly ResponderAnswer[],
  ): Promise<T> => {
    const started = performance.now();
    const result = await work();
    const clock = performance.now() - started;
    const arm = requests[0]?.arm;
    if (arm === undefined) return result;
    const costs = answersOf(result).map(({ cost }) => cost);
    const own = costs.filter((cost) => cost !== undefined);
    log.append({
      ...run,
      arm,
      requests: requests.length,
      calls: sum(costs.map((cost) => cost?.calls ?? 1)),
      frames: sum(requests.map((request) => request.frames?.frames.dims[0] ?? 0)),
      milliseconds: own.length === costs.length ? sum(own.map(({ milliseconds }) => milliseconds)) : clock,
    });
    return result;
  };
  const { respondMany } = responder;
  return {
    id: responder.id,
    respond: (request, options) =>
      timed(
        [request],
        () => responder.respond(request, options),
        (answer) => [answer],
      ),
    ...(respondMany === undefined
      ? {}
      : {
          respondMany: (
            requests: readonly ResponderRequest[],
            options: { signal?: AbortSignal },
          ): Promise<ResponderAnswer[]> =>
            timed(
              requests,
              () => respondMany.call(responder, requests, options),
              (answers) => answers,
            ),
        }),
  };
}

/**
 * Asks every run every item under every attack; answers and verdicts are stored as they come, so the same call goes on where it
 * stopped. Read the result with `buildMatrix`.
 *
 * @throws as {@link checkMatrix} and `runEvaluation`
 */
export async function* runMatrix(options: MatrixOptions): AsyncGenerator<MatrixProgress, void, void> {
  checkMatrix(options);
  for (const group of options.groups)
    for (const run of group.runs)
      for (const attacks of rowsBySplit(options.attacks)) yield* askRun(options, group, run, attacks);
}

async function* askRun(
  { judge, truncated = "judge", signal, costs, openStore }: MatrixOptions,
  group: MatrixGroup,
  run: MatrixRun,
  attacked: readonly MatrixAttack[],
): AsyncGenerator<MatrixProgress, void, void> {
  const named = { seed: group.seed, run: run.name };
  const store = await openStore(group, run);
  try {
    const { generation, batchSize, attacks, sampling } = run;
    for await (const event of runEvaluation({
      items: itemsOf(group, attacked[0] as MatrixAttack),
      responder: metered(run.responder, named, costs),
      arms: matrixArms({ attacks: attacked }),
      judge,
      store,
      sampling,
      truncated,
      comprehension: false,
      ...(generation === undefined ? {} : { generation }),
      ...(batchSize === undefined ? {} : { batchSize }),
      ...(attacks === undefined ? {} : { attacks }),
      ...(signal === undefined ? {} : { signal }),
    }))
      if (event.type === "progress") yield { ...named, done: event.done, total: event.total };
  } finally {
    await store.close();
  }
}

/** Titles of the attacks of an arm, for tables. */
export function armTitle(arm: string, run?: Pick<MatrixRun, "attacks">): string {
  const names = (parseArm(arm).attacks ?? []).map(({ name }) => findAttack(name, run?.attacks).title);
  return names.length === 0 ? "as it is" : names.join("; then ");
}
