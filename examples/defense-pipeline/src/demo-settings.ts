import { STAGE_SETTINGS } from "sign-world";

type Loose<T> = T extends number ? number : { readonly [K in keyof T]: Loose<T[K]> };

/** What a run of the demo depends on beside its seed and the base. */
export interface DemoSettings extends Loose<typeof STAGE_SETTINGS> {
  /** Held-out items in each of HH and SH; twice as many clips. */
  readonly evalItems: number;
}

/** What `npm run demo` runs: the stages of the study, on one seed. */
export const DEMO_SETTINGS: DemoSettings = { ...STAGE_SETTINGS, evalItems: 60 };

/** The same, shortened: every step runs, nothing is learnt well. */
export const QUICK_SETTINGS: DemoSettings = {
  ...DEMO_SETTINGS,
  evalItems: 6,
  records: { stages1And2: 32, stage3: 64, stage4: 8 },
  stage1: { ...DEMO_SETTINGS.stage1, epochs: 1 },
  stage2: { ...DEMO_SETTINGS.stage2, epochs: 1 },
  stage4: { ...DEMO_SETTINGS.stage4, steps: 3, promptsPerStep: 2 },
};
