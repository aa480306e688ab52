import { defineProject } from "vitest/config";
import { alias } from "../../vitest.shared.js";

export default defineProject({ resolve: { alias }, test: { name: "vsb-eval", testTimeout: 60_000 } });
