// Known vulnerabilities of what users install with our packages: `pnpm audit` of their dependencies. A registry that keeps no advisories (a
// mirror) cannot answer: that is said, and is a failure only with --required, as CI asks it.
// usage: audit.mjs [--required]
import { spawnSync } from "node:child_process";
import { finish, root } from "./packages.mjs";

const { stdout, stderr } = spawnSync("pnpm", ["audit", "--prod", "--json"], {
  cwd: root,
  encoding: "utf8",
  shell: process.platform === "win32",
});
let answer;
try {
  answer = JSON.parse(stdout);
} catch {
  answer = {};
}
if (answer.advisories === undefined) {
  const why = answer.error?.message ?? `${stdout}${stderr}`.trim().split("\n")[0];
  const said = `audit: the registry does not answer: ${why}`;
  if (process.argv.includes("--required")) finish("audit", [said]);
  console.log(said);
  process.exit(0);
}
finish(
  "audit",
  Object.values(answer.advisories).map(
    ({ severity, module_name: name, vulnerable_versions: versions, title, url, findings }) =>
      `${severity}: ${name} ${versions}: ${title} (${url}), by ${findings?.[0]?.paths?.[0] ?? "an unknown path"}`,
  ),
);
