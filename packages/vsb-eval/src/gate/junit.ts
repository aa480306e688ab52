import { escapeHtml } from "../report/html.js";
import type { GateResult } from "./gate.js";

/** Gate results as a JUnit XML report: one suite a run, one case a gate. */
export function junitReport(results: readonly GateResult[]): string {
  const runs = [...new Set(results.map(({ run }) => run))];
  const suites = runs.map((run) => {
    const cases = results.filter((result) => result.run === run);
    const failures = cases.filter(({ passed }) => !passed).length;
    const body = cases.map(({ gate, actual, passed, detail }) => {
      const name = `<testcase classname="vsb-eval" name="${escapeHtml(gate)}"`;
      const message = escapeHtml(
        `expected ${gate}, found ${actual === null ? "no number" : actual.toFixed(4)} (${detail})`,
      );
      return passed ? `    ${name}/>` : `    ${name}><failure message="${message}"/></testcase>`;
    });
    return `  <testsuite name="${escapeHtml(run)}" tests="${cases.length}" failures="${failures}">\n${body.join("\n")}\n  </testsuite>`;
  });
  const failed = results.filter(({ passed }) => !passed).length;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites tests="${results.length}" failures="${failed}">\n${suites.join("\n")}\n</testsuites>\n`;
}
