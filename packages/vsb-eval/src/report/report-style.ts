/** The report's style sheet: system fonts, light and dark, prints well, no external resource. */
export const REPORT_STYLE = `
:root{color-scheme:light dark;--bg:#fff;--fg:#1c2024;--muted:#5f6b76;--line:#d9dee3;--panel:#f6f8fa;--accent:#0b62c4;
--s0:#0b62c4;--s1:#c2410c;--s2:#0f7b5f;--s3:#7c3aed;--s4:#8a6d00;--ok:#2f8f5b;--warn:#b7791f;--bad:#c0392b;--low:#f3b38b;--high:#8fc7e8}
@media (prefers-color-scheme:dark){:root{--bg:#14181c;--fg:#e6e9ec;--muted:#9aa6b1;--line:#333c45;--panel:#1c2228;--accent:#6db3ff;
--s0:#6db3ff;--s1:#ff9a5c;--s2:#5fd3b0;--s3:#b79bff;--s4:#e0c452;--ok:#58c088;--warn:#e0b04c;--bad:#f0796b;--low:#7a3f1b;--high:#1d5478}}
*{box-sizing:border-box}body{margin:0 auto;max-width:1160px;padding:24px 20px 64px;background:var(--bg);color:var(--fg);
font:15px/1.5 system-ui,-apple-system,"Segoe UI","Noto Sans","Noto Sans CJK SC",sans-serif}
h1{font-size:1.6rem;margin:0 0 4px}h2{font-size:1.2rem;margin:40px 0 8px}h3{font-size:1rem;margin:20px 0 6px}p{margin:6px 0}
.muted,small,caption,figcaption{color:var(--muted)}nav a{margin-right:14px}a{color:var(--accent)}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}caption{text-align:left;padding:4px 0;font-size:.9rem}
th,td{padding:5px 8px;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}
th:first-child,td:first-child{text-align:left}thead th{color:var(--muted);font-weight:600}
td small{display:block;font-size:.75rem}.heat td small{display:inline;opacity:.8}
.heat td.cell{background:color-mix(in oklab,var(--low),var(--high) calc(var(--share)*100%))}
.heat td.few,.heat td.none{background:repeating-linear-gradient(45deg,var(--panel) 0 5px,var(--bg) 5px 10px);color:var(--muted)}
.scroll{overflow-x:auto;max-width:100%}:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
figure{margin:12px 0}svg{width:100%;max-width:760px;height:auto;font:13px system-ui,sans-serif}svg text{fill:var(--fg)}
svg .tick{fill:var(--muted);font-size:11px}svg .grid{stroke:var(--line)}polyline{fill:none;stroke-width:2}.dashed{stroke-dasharray:5 4}
.s0{fill:var(--s0);stroke:var(--s0)}.s1{fill:var(--s1);stroke:var(--s1)}.s2{fill:var(--s2);stroke:var(--s2)}.s3{fill:var(--s3);stroke:var(--s3)}.s4{fill:var(--s4);stroke:var(--s4)}
svg g line{stroke-width:2.5}.o-answered{fill:var(--ok)}.o-blocked{fill:var(--s3)}.o-truncated{fill:var(--warn)}.o-error{fill:var(--bad)}
.o-judge_failed{fill:var(--s1)}.o-unreached{fill:var(--line)}
details{border:1px solid var(--line);border-radius:8px;padding:8px 14px;margin:10px 0;background:var(--panel)}summary{cursor:pointer;font-weight:600}
.answer{display:grid;grid-template-columns:minmax(120px,auto) 1fr;gap:2px 12px;margin:6px 0}.answer dt{color:var(--muted)}.answer dd{margin:0;overflow-wrap:anywhere;white-space:pre-wrap}
.badge{display:inline-block;border-radius:9px;padding:0 8px;font-size:.8rem;border:1px solid currentColor}
.good{color:var(--ok)}.warn{color:var(--warn)}.bad{color:var(--bad)}.none{color:var(--muted)}
.sheet{max-width:100%;border-radius:6px;display:block;margin:6px 0}.blur .sheet{filter:blur(9px)}.blur .reveal:checked~.sheet{filter:none}
.blur .secret{filter:blur(6px)}.blur[open] .secret:hover,.blur .reveal:checked~.secret{filter:none}
.wrap{white-space:normal;overflow-wrap:anywhere;text-align:left}td.message{min-width:16rem}
.tree{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:2px 12px;margin:4px 0}.tree dt{color:var(--muted)}.tree dd{margin:0;min-width:0;overflow-wrap:anywhere}
.warning{border:2px solid var(--warn);border-radius:8px;padding:4px 16px;margin:16px 0}.warning h2{margin:8px 0}
.hatch{fill:var(--bg)}
@media (max-width:600px){.tree{grid-template-columns:1fr}}
@media print{body{max-width:none}details{break-inside:avoid}}
`;
