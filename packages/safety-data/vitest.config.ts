import { defineProject } from "vitest/config";
import { alias } from "../../vitest.shared.js";

export default defineProject({
  resolve: { alias },
  test: { name: "safety-data", testTimeout: 60_000, hookTimeout: 60_000 },
});
