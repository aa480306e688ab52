import { DefenseError } from "../../errors.js";

/** Reads a number between bounds. @throws DefenseError `usage` */
export const numberOption =
  (name: string, low: number, high: number, whole = false) =>
  (text: string): number => {
    const value = Number(text);
    if (text.trim() !== "" && value >= low && value <= high && (!whole || Number.isInteger(value))) return value;
    throw new DefenseError(
      "usage",
      `${name}: expected a ${whole ? "whole number" : "number"} from ${low} to ${high}, found ${JSON.stringify(text)}`,
    );
  };
