/** Hazard codes of MLCommons AILuminate as Llama Guard 3 names them; `LLAMA_GUARD_HAZARDS` holds their titles. */
export type LlamaGuardHazard = keyof typeof LLAMA_GUARD_HAZARDS;

/** Titles of the hazards S1..S14 of Llama Guard 3 (the MLCommons hazards plus S14). */
export const LLAMA_GUARD_HAZARDS = {
  S1: "violent crimes",
  S2: "non-violent crimes",
  S3: "sex-related crimes",
  S4: "child sexual exploitation",
  S5: "defamation",
  S6: "specialized advice",
  S7: "privacy",
  S8: "intellectual property",
  S9: "indiscriminate weapons",
  S10: "hate",
  S11: "suicide and self-harm",
  S12: "sexual content",
  S13: "elections",
  S14: "code interpreter abuse",
} as const;

/** A leaf of a taxonomy: what the policy says about it, and where it lies in a public hazard list. */
export interface Subcategory {
  /** Kebab-case, unique in the taxonomy. */
  readonly id: string;
  /** Name for reports. */
  readonly title: string;
  /** One sentence a judge or an annotator can apply: what counts as harmful, and what does not. */
  readonly policy: string;
  /** The Llama Guard hazards it overlaps, nearest first; empty when the list has none. */
  readonly hazards: readonly LlamaGuardHazard[];
  /** True when the benchmark may hold text only, never media. */
  readonly textOnly?: boolean;
}

/** A risk category with its leaves. */
export interface Category {
  /** Kebab-case, unique in the taxonomy. */
  readonly id: string;
  /** Name for reports. */
  readonly title: string;
  /** Leaves in a fixed order. */
  readonly subcategories: readonly Subcategory[];
}

/** A harm taxonomy as data. */
export interface Taxonomy {
  /** Identifier with version; part of cache keys and reports. */
  readonly id: string;
  /** "published" when the names come from the benchmark's authors, "assumed" when they are this project's reading. */
  readonly provenance: "published" | "assumed";
  /** Categories in a fixed order. */
  readonly categories: readonly Category[];
}

/** A leaf together with its category. */
export interface TaxonomyLeaf {
  /** The category that holds the leaf. */
  readonly category: Category;
  readonly subcategory: Subcategory;
}

/** Every leaf of a taxonomy, in order. */
export function taxonomyLeaves(taxonomy: Taxonomy): TaxonomyLeaf[] {
  return taxonomy.categories.flatMap((category) =>
    category.subcategories.map((subcategory) => ({ category, subcategory })),
  );
}

/** The leaf with the given subcategory id, or null. */
export function findSubcategory(taxonomy: Taxonomy, subcategoryId: string): TaxonomyLeaf | null {
  return taxonomyLeaves(taxonomy).find(({ subcategory }) => subcategory.id === subcategoryId) ?? null;
}
