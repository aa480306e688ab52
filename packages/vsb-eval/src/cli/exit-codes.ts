/** Exit codes: 0 done, 1 failed, 2 wrong usage, 3 a gate or a check does not hold, 130 interrupted. */
export const EXIT = { ok: 0, failed: 1, usage: 2, notMet: 3, interrupted: 130 } as const;
