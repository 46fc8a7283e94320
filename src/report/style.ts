/** The style of the report: system fonts, light and dark, wide, phone and print. */
import { type Html, html } from "./html.js";
import { dark, declareColors, light } from "./palette.js";
import { sectionNarrow, sectionPhone, sectionPrint, sectionStyle } from "./style-sections.js";

const ground = html`
:root{color-scheme:light dark;${declareColors(light)}--sans:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,"Noto Sans",sans-serif;--mono:ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace}
@media (prefers-color-scheme:dark){:root{${declareColors(dark)}}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%;scroll-behavior:smooth}
@media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.5 var(--sans);overflow-wrap:break-word}
main{max-width:1120px;margin:0 auto;padding:32px 24px 16px}
footer{max-width:1120px;margin:0 auto;padding:0 24px 40px;color:var(--muted);font-size:13px}
h1,h2,h3,p,dl,dd,ol,ul{margin:0;padding:0}
h2{font-size:22px;line-height:1.25;letter-spacing:-.012em;margin:0 0 12px}
h3{font-size:15px;line-height:1.35;margin:0 0 8px}
section{margin-top:52px;scroll-margin-top:16px}
a{color:var(--accent)}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
ul,ol{list-style:none}
code{font:13px/1.5 var(--mono)}
table{border-collapse:collapse;width:100%}
th{font-weight:inherit;text-align:left}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.lead{max-width:70ch;color:var(--muted);margin-bottom:16px;text-wrap:pretty}
.note{color:var(--muted);font-size:13.5px;margin:10px 0;max-width:80ch;text-wrap:pretty}
.aside{display:block;color:var(--muted);font-size:13px;line-height:1.4}
.number{font-variant-numeric:tabular-nums;white-space:nowrap}
.strong{font-weight:650}
.range,.none{color:var(--muted);font-size:13px}
.right{text-align:right}
.chart{display:block;max-width:100%;overflow:visible}
.track{fill:var(--track)}.good{fill:var(--met);opacity:.24}.fill{fill:var(--accent);opacity:.62}.quiet{fill:var(--muted);opacity:.5}
.whisker{stroke:var(--ink);stroke-width:1.5;fill:none}
line.target{stroke:var(--target);stroke-width:2}
.dot{fill:var(--accent);stroke:var(--card);stroke-width:1.5}
.sign{flex:none;fill:none;stroke:currentColor;stroke-width:2.4;stroke-linecap:round;stroke-linejoin:round}`;

const headline = html`
.head{background:var(--tone-ground);border:1px solid var(--rule);border-left:6px solid var(--tone);border-radius:12px;padding:24px 28px}
.met{--tone:var(--met);--tone-ground:var(--met-ground)}
.not-met{--tone:var(--not-met);--tone-ground:var(--not-met-ground)}
.unproven{--tone:var(--unproven);--tone-ground:var(--unproven-ground)}
.not-checkable{--tone:var(--not-checkable);--tone-ground:var(--not-checkable-ground)}
.eyebrow{font-size:12.5px;letter-spacing:.09em;text-transform:uppercase;color:var(--tone);font-weight:650}
h1{display:flex;gap:14px;align-items:center;font-size:clamp(25px,4.2vw,38px);line-height:1.15;letter-spacing:-.022em;font-weight:700;margin:6px 0 6px;text-wrap:balance}
h1 .sign{width:.92em;height:.92em;color:var(--tone)}
.summary{font-size:18px}
.notice{background:var(--card);border-left:4px solid var(--unproven);border-radius:6px;padding:10px 14px;margin-top:16px;max-width:75ch}
.notice+table{margin-top:16px}
.tallies{display:flex;flex-wrap:wrap;gap:10px 36px;margin-top:18px;padding-top:16px;border-top:1px solid var(--rule)}
.tallies dt{font-size:13px}
.tallies dd{display:flex;flex-wrap:wrap;gap:2px 16px}
.count{display:inline-flex;align-items:center;gap:6px;color:var(--ink)}
.count .sign{color:var(--tone)}
.count b{font-variant-numeric:tabular-nums}
.head .count .sign{color:var(--ink)}
.subject{color:var(--muted);font-size:14px;margin:14px 2px 0}
.subject b{color:var(--ink);font-weight:550}
nav{display:flex;flex-wrap:wrap;gap:4px 18px;margin:10px 2px 0;font-size:14px}
nav a{text-decoration:none;padding:3px 0}
nav a:hover{text-decoration:underline}
nav+section{margin-top:32px}`;

const tables = html`
.badge{display:inline-flex;align-items:center;gap:6px;padding:3px 10px 3px 8px;border-radius:99px;border:1px solid currentColor;background:var(--tone-ground);color:var(--tone);font-size:14px;font-weight:650;line-height:1.35;white-space:nowrap}
.cards{background:var(--card);border:1px solid var(--rule);border-radius:12px;border-spacing:0;border-collapse:separate}
.cards th,.cards td{padding:11px 14px;vertical-align:top;border-top:1px solid var(--rule)}
.cards thead th{font-size:13px;color:var(--muted);border-top:0;padding-bottom:8px;vertical-align:bottom}
.group th{font-weight:650;background:var(--page);padding:8px 14px}
.group span{font-weight:400;color:var(--muted)}
.verdicts .text{width:28%}.verdicts .evidence{width:31%}
.exact{display:block;font-weight:600;white-space:pre-wrap;overflow-wrap:anywhere}
.text .aside{margin-top:3px}
.id{font-family:var(--mono);font-size:12px}
.measured .chart{margin-top:6px}
@media (min-width:1060px){.measured .chart{min-width:148px}}
.evidence{font-size:14.5px;overflow-wrap:anywhere}
.legend{margin-top:20px}
.legend dl{display:grid;grid-template-columns:1fr 1fr;gap:10px 32px;font-size:14px}
.legend dl>div{display:grid;grid-template-columns:150px 1fr;gap:14px;align-items:start}
.figures th .aside{font-weight:400}
.figures tbody th{font-weight:600}
.figures .chart{margin-top:4px}
.classes th,.classes td{padding-top:8px;padding-bottom:8px;vertical-align:middle}
.classes tbody th{overflow-wrap:anywhere}
.classes tbody th{width:24%}
.recall .chart{display:inline-block;vertical-align:-3px;margin:0 14px 0 0}
.recall .words{white-space:nowrap}
@media (min-width:901px){.classes .recall{white-space:nowrap}}
.tiny{display:inline-block;vertical-align:1px;margin-right:10px}
.classes .train{white-space:nowrap}.train span{display:inline-block;min-width:3.4em}
details{margin-top:12px}
summary{cursor:pointer;color:var(--accent);padding:6px 2px}
.confusions{display:grid;gap:2px;background:var(--card);border:1px solid var(--rule);border-radius:12px;padding:10px 16px}
.confusions li{display:grid;grid-template-columns:minmax(0,1fr) 160px 150px;gap:14px;align-items:center;padding:4px 0}
.pair{overflow-wrap:anywhere}
.arrow{color:var(--muted)}
.meter{height:8px;background:var(--track);border-radius:2px;overflow:hidden}
.meter span{display:block;height:100%;background:var(--miss)}
section h3{margin-top:24px}
.scroll{overflow-x:auto;width:fit-content;max-width:100%;background:var(--card);border:1px solid var(--rule);border-radius:12px;padding:0 14px 14px 0}
.matrix{width:auto;font-size:12.5px;font-variant-numeric:tabular-nums;border-collapse:separate;border-spacing:1px}
.matrix td{width:31px;min-width:31px;height:27px;text-align:center;padding:0;border-radius:3px}
.matrix thead th{height:118px;vertical-align:bottom;padding:6px 0}
.matrix thead th span{display:block;writing-mode:vertical-rl;transform:rotate(180deg);max-height:106px;overflow:hidden;text-overflow:ellipsis;white-space:nowrap;margin:0 auto}
.matrix tbody th{position:sticky;left:0;background:var(--card);padding:0 10px 0 14px;white-space:nowrap;max-width:210px;overflow:hidden;text-overflow:ellipsis}
.no{display:inline-block;min-width:1.4em;color:var(--muted);text-align:right}
.zero{color:var(--muted);opacity:.45}
.hit{background:color-mix(in srgb,var(--accent) calc(var(--tint)*100%),var(--card))}
.matrix .miss{background:color-mix(in srgb,var(--miss) calc(var(--tint)*100%),var(--card))}`;

const details = html`
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(180px,1fr));gap:1px;background:var(--rule);border:1px solid var(--rule);border-radius:12px;overflow:hidden}
.tiles>div{background:var(--card);padding:14px 16px}
.tiles dt{font-size:13px;color:var(--muted)}
.big{display:block;font-size:25px;font-weight:650;letter-spacing:-.015em;line-height:1.3}
.findings,.missing{display:grid;gap:8px}
.finding{display:grid;grid-template-columns:84px 1fr;gap:14px;background:var(--card);border:1px solid var(--rule);border-left:4px solid var(--tone);border-radius:8px;padding:10px 14px}
.finding.error{--tone:var(--not-met)}.finding.warning{--tone:var(--unproven)}.finding.info{--tone:var(--not-checkable)}
.severity{color:var(--tone);font-weight:650;font-size:14px;line-height:24px}
.finding p{overflow-wrap:anywhere}
.examples{display:flex;flex-wrap:wrap;align-items:baseline;gap:0 14px;margin-top:2px;color:var(--muted)}
.examples li{overflow-wrap:anywhere}
.trace{border-left:2px solid var(--rule);margin-left:5px}
.trace li{position:relative;display:grid;grid-template-columns:64px 92px minmax(0,1fr);gap:12px;padding:4px 0 4px 18px}
.trace li::before{content:"";position:absolute;left:-6px;top:11px;width:10px;height:10px;border-radius:50%;background:var(--page);border:2px solid var(--muted)}
.trace li:has(.decision)::before{background:var(--accent);border-color:var(--accent)}
.trace li:has(.fault)::before{background:var(--not-met);border-color:var(--not-met)}
.trace time{color:var(--muted);font-size:13px;line-height:24px;font-variant-numeric:tabular-nums;text-align:right}
.kind{color:var(--muted);font-size:14px;line-height:24px}
.kind.decision{color:var(--accent);font-weight:650}.kind.fault{color:var(--not-met);font-weight:650}
.trace .words{white-space:pre-line;overflow-wrap:anywhere}
.columns{display:grid;grid-template-columns:1fr 1fr;gap:24px}
.columns h3{margin-top:0}
.facts{background:var(--card);border:1px solid var(--rule);border-radius:12px;padding:6px 16px}
.facts>div{display:grid;grid-template-columns:128px minmax(0,1fr);gap:12px;padding:6px 0;border-top:1px solid var(--rule);font-size:14.5px}
.facts>div:first-child{border-top:0}
.facts dt{color:var(--muted)}
.facts dd{overflow-wrap:anywhere;font-variant-numeric:tabular-nums}
.missing{gap:2px}
.missing li{padding-left:16px;text-indent:-16px}
.missing li::before{content:"– ";color:var(--muted)}`;

const phone = html`
@media screen and (max-width:900px){
main{padding:14px 14px 8px}footer{padding:0 16px 32px}
section{margin-top:40px}
.head{padding:18px 18px 18px;border-left-width:5px}
h1{align-items:flex-start;gap:10px}h1 .sign{margin-top:.1em}
.cards{background:none;border:0;border-radius:0}
.cards,.cards tbody,.cards tr,.cards th,.cards td{display:block;width:auto}
.cards thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.cards th,.cards td{border:0;padding:0}
.cards tbody tr{display:grid;grid-template-columns:minmax(0,5fr) minmax(0,8fr);gap:10px 14px;background:var(--card);border:1px solid var(--rule);border-radius:10px;padding:13px 14px;margin-bottom:10px}
.cards tbody .group{display:block;background:none;border:0;padding:12px 2px 8px;margin:0}
.cards .group th{padding:0;background:none}
.cards td[data-label]::before{content:attr(data-label);display:block;font-size:12.5px;line-height:1.4;color:var(--muted);font-weight:400}
.verdicts tbody .line{border-left:4px solid var(--tone)}
.verdicts .verdict{grid-column:1/-1;order:-1}.verdicts .text,.verdicts .evidence{grid-column:1/-1}
.verdicts .text,.verdicts .evidence{width:auto}
.legend dl{grid-template-columns:1fr;gap:14px}.legend dl>div{grid-template-columns:1fr;gap:4px}
.figures tbody tr{grid-template-columns:1fr 1fr}.figures tbody th{grid-column:1/-1}
.classes tbody tr{grid-template-columns:1fr 1fr 1fr;gap:6px 14px}
.classes tbody th,.classes .recall{grid-column:1/-1}
.classes tbody th{font-weight:600;width:auto}
.classes .right{text-align:left}
.train span{min-width:0}.tiny{display:none}
.confusions li{grid-template-columns:1fr auto;gap:2px 12px;padding:7px 0}.pair{grid-column:1/-1}
.matrix tbody th{max-width:112px;padding-left:10px}
.finding{grid-template-columns:1fr;gap:2px}
.trace li{grid-template-columns:auto 1fr;gap:0 12px}.trace .words{grid-column:1/-1}.trace time{text-align:left}
.columns{grid-template-columns:minmax(0,1fr)}
.facts>div{grid-template-columns:108px minmax(0,1fr)}
}`;

const print = html`
@media print{
@page{margin:15mm}
:root{color-scheme:light;${declareColors(light)}--page:#fff}
body{-webkit-print-color-adjust:exact;print-color-adjust:exact}
main,footer{max-width:none;padding:0;zoom:.74}
nav{display:none}
section{margin-top:26px}
h2,h3,.group,.lead,.note:has(+.scroll){break-after:avoid}
tr,li,.head,.tiles>div,.legend,.facts{break-inside:avoid}
thead{display:table-header-group}
.scroll{overflow:visible;border:0;padding:0;break-inside:avoid}
.cards th,.cards td{padding-left:10px;padding-right:10px}
.tiles{grid-template-columns:repeat(5,1fr)}
.tiny{display:none}.train span{min-width:0}.recall .chart{width:130px}
.matrix{font-size:11px}.matrix td{width:27px;min-width:27px;height:22px}.matrix tbody th{max-width:150px;position:static}
details::details-content{content-visibility:visible;display:block;block-size:auto}
}`;

/** The style sheet of the report. */
export const styleSheet: readonly Html[] = [
  ground,
  headline,
  tables,
  details,
  sectionStyle,
  phone,
  sectionPhone,
  sectionNarrow,
  print,
  sectionPrint,
];
