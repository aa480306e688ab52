import { InvalidArgumentError } from "commander";

/** A flag that is a number above zero. */
export function positive(text: string): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError("expected a number above 0");
}

/** A flag that is a whole number above zero. */
export function positiveWhole(text: string): number {
  const value = positive(text);
  if (Number.isInteger(value)) return value;
  throw new InvalidArgumentError("expected a whole number above 0");
}

/** A flag that is a whole number of at least zero. */
export function natural(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new InvalidArgumentError("expected a whole number of at least 0");
}

/** Collects a flag that may be given several times. */
export const collect = (value: string, list: readonly string[] = []): string[] => [...list, value];
