/** What runs are called where several stand together: their names, with the seed where two share one. */
export function runNames(runs: readonly { readonly name: string; readonly seed: number }[]): string[] {
  const names = runs.map(({ name }) => name);
  return runs.map(({ name, seed }) =>
    names.indexOf(name) === names.lastIndexOf(name) ? name : `${name}, seed ${seed}`,
  );
}
