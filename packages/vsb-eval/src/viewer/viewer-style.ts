/** The sample browser's style sheet; colours come from `REPORT_STYLE`. */
export const VIEWER_STYLE = `
.viewer{display:grid;grid-template-columns:minmax(320px,5fr) 7fr;gap:0 16px;border:1px solid var(--line);border-radius:10px;overflow:hidden;height:min(80vh,900px);background:var(--bg)}
.viewer-filters{display:flex;flex-wrap:wrap;gap:8px;align-items:end;margin:8px 0}
.viewer-filters label{display:grid;font-size:.8rem;color:var(--muted);gap:2px}
.viewer-filters select,.viewer-filters input[type=search]{font:inherit;font-size:.9rem;padding:3px 6px;border:1px solid var(--line);border-radius:6px;background:var(--bg);color:var(--fg);max-width:13rem}
.viewer-filters .check{display:flex;align-items:center;gap:5px;font-size:.9rem;color:var(--fg);padding-bottom:4px}
.viewer-list{overflow-y:auto;position:relative;border-right:1px solid var(--line)}
.viewer-rows{position:relative}
.viewer-row{position:absolute;left:0;right:0;height:46px;padding:4px 10px;border-bottom:1px solid var(--line);cursor:pointer;overflow:hidden;white-space:nowrap;text-overflow:ellipsis;font-size:.88rem;line-height:1.35}
.viewer-row[aria-selected=true]{background:color-mix(in oklab,var(--accent) 14%,var(--bg))}
.viewer-row .meta{color:var(--muted);font-size:.78rem}
.viewer-row .query{display:block;overflow:hidden;text-overflow:ellipsis}
.viewer-detail{overflow-y:auto;padding:10px 16px 30px;overflow-wrap:anywhere}
.viewer-detail h3{margin:6px 0 2px}
.viewer-detail pre{white-space:pre-wrap;overflow-wrap:anywhere;background:var(--panel);border:1px solid var(--line);border-radius:6px;padding:8px 10px;margin:4px 0;font-size:.85rem}
.viewer-detail .answer-card{border:1px solid var(--line);border-left:4px solid var(--muted);border-radius:8px;padding:6px 12px;margin:10px 0;display:block}
.viewer-detail .answer-card.good{border-left-color:var(--ok)}.viewer-detail .answer-card.bad{border-left-color:var(--bad)}.viewer-detail .answer-card.warn{border-left-color:var(--warn)}
.viewer-detail .answer-card>*{color:var(--fg)}
.viewer-detail .current{background:color-mix(in oklab,var(--accent) 7%,var(--bg))}
.state{display:inline-block;min-width:1.6em;text-align:center;border-radius:5px;border:1px solid currentColor;font-weight:600;font-size:.75rem;margin-right:3px}
.blurred .secret{filter:blur(6px);user-select:none}.secret{transition:filter .1s}
.blurred .frames{filter:blur(12px)}.frames{max-width:100%;border-radius:6px;display:block;margin:6px 0}
.viewer-status{color:var(--muted);font-size:.85rem;margin:4px 0}
.viewer-back{display:none}
.viewer button{font:inherit;font-size:.85rem;padding:3px 10px;border:1px solid var(--line);border-radius:6px;background:var(--panel);color:var(--fg);cursor:pointer}
@media (max-width:760px){.viewer{grid-template-columns:1fr;height:auto;overflow:visible}.viewer-list{height:60vh;border-right:0}.viewer.open .viewer-list{display:none}.viewer:not(.open) .viewer-detail{display:none}.viewer-back{display:inline-block;margin-bottom:6px}}
kbd{border:1px solid var(--line);border-bottom-width:2px;border-radius:4px;padding:0 5px;font-size:.8rem;background:var(--panel)}
`;
