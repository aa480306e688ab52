/** The page's style sheet, light and dark. */
export const GUARD_PAGE_STYLE = `
:root{--bg:#fff;--panel:#f5f6f8;--fg:#1b1f24;--muted:#59636e;--line:#d5dae0;--ok:#1a7f37;--bad:#cf222e;--warn:#9a6700;--accent:#0969da}
@media (prefers-color-scheme:dark){:root{--bg:#0d1117;--panel:#161b22;--fg:#e6edf3;--muted:#9198a1;--line:#30363d;--ok:#3fb950;--bad:#ff7b72;--warn:#d29922;--accent:#58a6ff}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1100px;padding:16px;background:var(--bg);color:var(--fg);font:15px/1.5 system-ui,sans-serif}
header{display:flex;flex-wrap:wrap;gap:6px 14px;align-items:center}
h1{margin:0;font-size:1.4rem}h2{font-size:1.05rem;margin:22px 0 2px}
p{margin:6px 0}.muted{color:var(--muted);font-size:.9rem}
.badge{border:1px solid currentColor;border-radius:99px;padding:1px 12px;font-weight:600;font-size:.9rem}
.ok{color:var(--ok)}.bad{color:var(--bad)}.warn{color:var(--warn)}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(130px,1fr));gap:10px;margin:14px 0}
.card{background:var(--panel);border:1px solid var(--line);border-radius:10px;padding:8px 12px}
.card b{display:block;font-size:1.35rem;font-variant-numeric:tabular-nums}
.chart{background:var(--panel);border:1px solid var(--line);border-radius:10px;padding:6px;min-height:60px}
.chart svg{display:block;width:100%;height:auto}
.chart text{fill:var(--muted);font-size:11px}
.grid{stroke:var(--line)}.limit{stroke:var(--bad);stroke-dasharray:5 4}.line{stroke:var(--accent);fill:none;stroke-width:2}
.dot{fill:var(--accent)}.dot.raised{fill:var(--bad)}
.scroll{overflow-x:auto;border:1px solid var(--line);border-radius:10px}
table{border-collapse:collapse;width:100%;font-size:.9rem;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:5px 10px;border-bottom:1px solid var(--line);white-space:nowrap}
th{background:var(--panel);font-weight:600}tr:last-child td{border-bottom:0}
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:var(--panel);border:1px solid var(--line);border-radius:8px;padding:10px;font-size:.82rem}
details{margin:18px 0}summary{cursor:pointer}
`;
