import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitepress";

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const packages = readdirSync(path("../../packages"));
const pagesOf = (folder: string) =>
  existsSync(path(`../${folder}`))
    ? readdirSync(path(`../${folder}`))
        .filter((name) => name.endsWith(".md") && name !== "README.md" && name !== "index.md")
        .map((name) => {
          const title = /^# (.+)$/m.exec(readFileSync(path(`../${folder}/${name}`), "utf8"))?.[1] ?? name;
          return { text: folder === "tutorials" ? title : name.slice(0, -3), link: `/${folder}/${name.slice(0, -3)}` };
        })
    : [];

export default defineConfig({
  title: "videosafety",
  description: "Safety for Video LLMs in TypeScript: evaluate, defend, guard. VideoSafety-R1 as npm packages.",
  base: process.env.SITE_BASE ?? "/videosafety/",
  cleanUrls: true,
  lastUpdated: false,
  // Pages link to source files and to READMEs, which the site does not hold; tools/check-pages.mjs checks those links.
  ignoreDeadLinks: [
    /\.(ts|mjs|py|jsonl?|gz|svg|png|html|yaml)$/,
    /\/(packages|examples|tools)\//,
    /ARCHITECTURE|PAPER|CONTRIBUTING|README|SECURITY|GRADIENTS/,
  ],
  rewrites: {
    "decisions/README.md": "decisions/index.md",
    "reference/README.md": "reference/index.md",
  },
  vite: {
    resolve: {
      alias: [
        { find: /^@videosafety\/video-sampler$/, replacement: path("../../packages/video-sampler/src/browser.ts") },
        { find: /^@videosafety\/([^/]+)$/, replacement: path("../../packages/$1/src/index.ts") },
        { find: /^@videosafety\/([^/]+)\/(.+)$/, replacement: path("../../packages/$1/src/$2.ts") },
      ],
    },
    build: { target: "es2022", chunkSizeWarningLimit: 2000 },
  },
  themeConfig: {
    nav: [
      { text: "Tutorials", link: "/tutorials/", activeMatch: "/tutorials/" },
      { text: "Playground", link: "/playground" },
      { text: "Reference", link: "/reference/", activeMatch: "/reference/" },
      { text: "Paper", link: "/paper/" },
      { text: "Experiments", link: "/experiments" },
    ],
    sidebar: {
      "/reference/": [
        {
          text: "API reference",
          items: packages.map((name) => ({ text: name, link: `/reference/${name}/src` })),
        },
      ],
      "/": [
        {
          text: "Start",
          items: [
            { text: "In one page", link: "/" },
            { text: "Playground", link: "/playground" },
          ],
        },
        { text: "Tutorials", items: [{ text: "Which one?", link: "/tutorials/" }, ...pagesOf("tutorials")] },
        {
          text: "Know before you rely on it",
          items: [
            { text: "Checkpoints that load", link: "/checkpoints" },
            { text: "Blind spots of sampling", link: "/blindspots" },
            { text: "How sampling was checked", link: "/video-sampler" },
            { text: "Limits", link: "/limits" },
            { text: "Threat model", link: "/threat-model" },
          ],
        },
        { text: "The paper", items: [{ text: "Equation by equation", link: "/paper/" }, ...pagesOf("paper")] },
        {
          text: "Experiments",
          items: [{ text: "The demo", link: "/experiments" }, ...pagesOf("experiments")],
          collapsed: true,
        },
        {
          text: "Decisions",
          items: [{ text: "Index", link: "/decisions/" }, ...pagesOf("decisions")],
          collapsed: true,
        },
      ],
    },
    search: { provider: "local" },
    outline: [2, 3],
    socialLinks: [{ icon: "github", link: "https://github.com/videosafety/videosafety" }],
    footer: { message: "MIT. Harm appears here only symbolically." },
  },
});
