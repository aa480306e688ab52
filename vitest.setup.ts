import fc from "fast-check";

// Properties draw the same cases in every run, so that a red build is red again. FC_SEED=<n> draws others.
fc.configureGlobal({ seed: Number(process.env.FC_SEED ?? 20261123) });
