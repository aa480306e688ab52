// What an install may cost and carry: a rehearsal that finds more is red.

/** `npm install` of one package alone: packages and megabytes below node_modules, by the package's short name. */
export const INSTALL_LIMITS = {
  random: { packages: 1, megabytes: 1 },
  endpoint: { packages: 5, megabytes: 15 },
  grpo: { packages: 5, megabytes: 15 },
  // Judges and the server need endpoint, and that undici: one more than five.
  rewards: { packages: 6, megabytes: 15 },
  "alarm-tokens": { packages: 5, megabytes: 15 },
  "safety-data": { packages: 5, megabytes: 15 },
  "vsb-eval": { packages: 40, megabytes: 30 },
};

/** Licences that a user may take without asking a lawyer; every alternative of an expression "A OR B" counts. */
const PERMISSIVE = new Set(
  [
    "MIT",
    "MIT-0",
    "ISC",
    "0BSD",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "Apache-2.0",
    "BlueOak-1.0.0",
    "CC0-1.0",
    "Zlib",
  ].concat(["Unlicense", "Python-2.0"]),
);

/** Whether a manifest's licence field leaves a user a permissive choice. */
export function isAccepted(licence) {
  const expression = licence.replace(/^\((.*)\)$/, "$1");
  return expression.split(" OR ").some((choice) => choice.split(" AND ").every((part) => PERMISSIVE.has(part.trim())));
}
