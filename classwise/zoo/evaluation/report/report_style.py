"""The look of a report, in light and dark, from 320 pixels of width on."""

STYLE = """
:root { color-scheme: light dark; --ink: #1d2125; --faint: #5b636b; --page: #fbfbfa;
  --line: #d9dcdf; --card: #f0f2f4; --accent: #005a8f; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e8ea; --faint: #a3abb3; --page: #15181b; --line: #343a40; --card: #1f2428;
    --accent: #7cc4f0; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
main { max-width: 76rem; margin: 0 auto; padding: 2rem clamp(1rem, 4vw, 3rem) 4rem; }
.kind { margin: 0; color: var(--faint); letter-spacing: .04em; }
h1 { margin: .1rem 0 1.5rem; font-size: clamp(1.5rem, 4.5vw, 2.2rem); line-height: 1.2;
  overflow-wrap: anywhere; }
h2 { margin: 3rem 0 1rem; font-size: 1.3rem; padding-bottom: .3rem;
  border-bottom: 1px solid var(--line); }
a { color: var(--accent); }
p, figcaption { max-width: 46rem; color: var(--faint); margin: .6rem 0 0; font-size: .92rem; }
dl { margin: 0; } dd { margin: 0; }
.headline { display: grid; gap: .8rem;
  grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); }
.headline div { background: var(--card); border-radius: .6rem; padding: .8rem 1rem; }
.headline dt { color: var(--faint); font-size: .9rem; }
.headline strong { display: block; font-size: 1.5rem; font-weight: 600; color: var(--accent);
  font-variant-numeric: tabular-nums; white-space: nowrap; }
.headline span { color: var(--faint); font-size: .85rem; }
.facts div { display: grid; grid-template-columns: minmax(7rem, 12rem) 1fr; gap: 1rem;
  padding: .3rem 0; }
.facts dt { color: var(--faint); } .facts dd { overflow-wrap: anywhere; }
.tables { display: flex; flex-wrap: wrap; gap: 2rem 4rem; }
.tables > div { min-width: 0; max-width: 100%; }
.table { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .95rem; }
caption { text-align: left; white-space: nowrap; font-weight: 600; padding-bottom: .4rem; }
th, td { padding: .32rem .9rem; text-align: right; white-space: nowrap;
  border-bottom: 1px solid var(--line); }
th:first-child { text-align: left; padding-left: 0; }
thead th { color: var(--faint); font-weight: 500; font-size: .88rem; }
tbody th { font-weight: 400; }
.figures { display: grid; gap: 2rem; align-items: start;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); }
figure { margin: 0; min-width: 0; }
figure.wide { grid-column: 1 / -1; }
.paper { background: #ffffff; border: 1px solid var(--line); border-radius: .6rem;
  padding: .8rem; overflow-x: auto; }
.paper img { display: block; margin: 0 auto; max-width: 100%; height: auto; }
.wide img { min-width: 44rem; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
@media (max-width: 40rem) {
  th, td { padding: .32rem .45rem; } td:last-child { padding-right: 0; }
  th, caption { white-space: normal; } tbody th { min-width: 6.5rem; overflow-wrap: anywhere; } }
@media print { .paper, .table { overflow: visible; } figure, tr { break-inside: avoid; } }
"""
