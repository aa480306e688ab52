import * as z from "zod/mini";
import english from "zod/v4/locales/en.js";

// zod/mini brings no words of its own. An application's choice of language stands.
if (z.config().localeError === undefined) z.config(english());

/** The schema with a sentence for JSON Schema and for pages: what an option is, with its unit. */
export const described = <Schema extends z.ZodMiniType>(schema: Schema, description: string): Schema => {
  const own = z.clone(schema); // a schema may stand in two places with two meanings
  z.globalRegistry.add(own, { description });
  return own;
};
