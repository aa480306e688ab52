import { defineProject } from "vitest/config";
import { alias, setupFiles } from "../../vitest.shared.js";

export default defineProject({
  resolve: { alias },
  test: { setupFiles, name: "defend-smollm2", testTimeout: 120_000 },
});
