import { defineProject } from "vitest/config";
import { alias } from "../../vitest.shared.js";

export default defineProject({ resolve: { alias }, test: { name: "alarm-guard", testTimeout: 120_000 } });
