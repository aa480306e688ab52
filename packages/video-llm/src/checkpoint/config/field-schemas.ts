import { z } from "zod";
import { type Activation, activationOf, activationSchema } from "../../config/activation.js";

/** A positive integer; null counts as absent, and absent means the class's default. */
export const sizeOr = (absent: number) =>
  z
    .int()
    .positive()
    .nullish()
    .transform((value) => value ?? absent);

/** A positive number, likewise. */
export const positiveOr = (absent: number) =>
  z
    .number()
    .positive()
    .nullish()
    .transform((value) => value ?? absent);

/** A list of layer indices, likewise. */
export const layersOr = (absent: readonly number[]) =>
  z
    .array(z.int().nonnegative())
    .nullish()
    .transform((value) => value ?? [...absent]);

/** A side in pixels: a number, or two equal ones. */
export const sideOr = (absent: number) =>
  z
    .union([z.int().positive(), z.array(z.int().positive()).length(2)])
    .nullish()
    .transform((value, context) => {
      if (!Array.isArray(value)) return value ?? absent;
      if (value[0] !== value[1])
        context.addIssue({ code: "custom", message: `expected a square, found ${value[0]} x ${value[1]}` });
      return value[0] as number;
    });

/** The name of an activation that is computed. */
export const activationOr = (absent: Activation) =>
  z
    .string()
    .nullish()
    .transform((name, context): Activation => {
      const found = activationOf(name ?? absent);
      if (found !== null) return found;
      context.addIssue({
        code: "custom",
        message: `expected an activation of ${activationSchema.options.join(", ")}, found ${name}, which is not computed`,
      });
      return absent;
    });

/** A flag that must not be set: what it switches on is not computed. */
export const unset = (what: string) =>
  z
    .unknown()
    .optional()
    .refine((value) => value === undefined || value === null || value === false || value === 0, {
      error: `expected false: ${what} is not computed`,
    });
