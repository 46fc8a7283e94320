/** The style of the sections below the verdicts: prices, plots, galleries, plan, timeline. */
import { type Html, html } from "./html.js";
import { phoneText } from "./plot.js";

/** On every medium. */
export const sectionStyle: Html = html`
.price{background:var(--card);border:1px solid var(--rule);border-left:4px solid var(--tone,var(--rule));border-radius:10px;padding:14px 18px;margin-bottom:12px}
.price header{display:flex;gap:14px;align-items:flex-start;margin-bottom:8px}
.price header .badge{flex:none}
.price header>div{min-width:0}
.options{display:grid;gap:8px;counter-reset:option}
.options li{position:relative;padding-left:30px;overflow-wrap:anywhere}
ol.options li{counter-increment:option}
ol.options li::before{content:counter(option);position:absolute;left:0;top:2px;width:20px;height:20px;border-radius:50%;background:var(--track);font-size:12px;font-weight:650;line-height:20px;text-align:center}
.options .aside{max-width:90ch;margin-top:1px;font-size:14px}
.surety{display:inline-block;font-size:12.5px;color:var(--muted);border:1px solid var(--rule);border-radius:99px;padding:0 9px;margin-left:4px}
.surety.sure{color:var(--accent);border-color:currentColor}
.unmeasured .options li{padding-left:0}.unmeasured .exact{display:inline}
.plots{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,420px),1fr));gap:16px}
.plots:empty{display:none}
figure{margin:0;background:var(--card);border:1px solid var(--rule);border-radius:12px;padding:14px 16px;min-width:0}
figcaption{font-size:14.5px;margin-bottom:6px}
.plot{display:block;width:100%;height:auto}
.plot .grid{stroke:var(--rule);stroke-width:1}
.plot text{fill:var(--muted);font:13px var(--sans);font-variant-numeric:tabular-nums}
.plot .axis{fill:var(--ink)}
.plot .ideal{stroke:var(--target);stroke-width:1.5;stroke-dasharray:5 4;fill:none}
.plot .curve{stroke:var(--accent);stroke-width:2;fill:none}
.plot .curve.train{stroke-dasharray:6 4;opacity:.75}
.plot .curve.averaged{stroke-dasharray:2 3}
.point .whisker{stroke:var(--muted)}
.point .dot{stroke:var(--card)}
.point.rolled-back .dot,.point.refused .dot{fill:var(--card);stroke:var(--muted);stroke-width:2}
.point.refused .dot{stroke:var(--miss)}
.small{font-size:13.5px;margin-top:6px}.small th{color:var(--muted);padding:2px 8px}.small td{padding:2px 8px;border-top:1px solid var(--rule)}
.small th.right,.small td.right{text-align:right}
figure details{margin-top:4px}
.distribution,.stages{display:grid;gap:3px;background:var(--card);border:1px solid var(--rule);border-radius:12px;padding:12px 16px}
.distribution li{display:grid;grid-template-columns:minmax(0,26%) minmax(0,1fr) 120px;gap:14px;align-items:center}
.name{overflow-wrap:anywhere}
.lengths{display:grid;gap:2px}
.length{display:block;height:8px;min-width:1px;border-radius:2px}
.learned{background:var(--accent)}.tested{background:var(--muted);opacity:.65}
.key{white-space:nowrap;margin-left:10px}.swatch{display:inline-block;width:11px;height:11px;border-radius:3px}
.stages{margin-bottom:18px}
.stages li{display:grid;grid-template-columns:92px minmax(0,1fr) 92px;gap:14px;align-items:center;font-size:14.5px}
.stages .number{text-align:right}
.span{position:relative;height:10px;background:var(--track);border-radius:3px;overflow:hidden}
.span i{position:absolute;top:0;bottom:0;min-width:2px;background:var(--accent)}
.gallery{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,160px),1fr));gap:14px}
.gallery.paired{grid-template-columns:repeat(auto-fill,minmax(min(100%,240px),1fr))}
.gallery li{background:var(--card);border:1px solid var(--rule);border-radius:10px;overflow:hidden;min-width:0}
.gallery .views{position:relative;display:flex;background:var(--track)}
.gallery img{display:block;width:100%;min-width:0;flex:1;aspect-ratio:1;object-fit:contain}
.gallery .words{padding:9px 12px 11px;font-size:14px;line-height:1.45;overflow-wrap:anywhere}
.gallery code{font-size:11.5px;color:var(--muted)}
.wrong{color:var(--miss)}
.candidates th{overflow-wrap:anywhere;font-weight:600}.candidates th .aside{font-weight:400}
.candidates thead th{font-weight:400}
.candidates .kept .outcome b,.candidates .start .outcome b{color:var(--accent)}
.candidates .outcome{max-width:260px;overflow-wrap:anywhere}.candidates .outcome b{white-space:nowrap}
.candidates+.plots{margin-top:16px}
.warnings{margin:0 0 12px}.warnings .notice{margin:0 0 8px}
.plan{display:grid;gap:12px}
.plan>li{background:var(--card);border:1px solid var(--rule);border-radius:10px;padding:14px 18px}
.plan h3{margin:0 0 6px}
.choice{padding:8px 0;border-top:1px solid var(--rule)}
.choice p{overflow-wrap:anywhere}
.question{color:var(--muted)}
.reasons,.choice .refused{font-size:14.5px;margin-top:3px}
.reasons li,.choice .refused li{padding-left:18px;text-indent:-14px;overflow-wrap:anywhere}
.reasons li::before{content:"· "}
.choice .refused li{color:var(--muted)}.choice .refused li::before{content:"× "}`;

/** On phones. */
export const sectionPhone: Html = html`
@media screen and (max-width:900px){
.price{padding:13px 14px}.price header{flex-direction:column;gap:8px}
.distribution li{grid-template-columns:minmax(0,1fr) auto;gap:2px 12px;padding:4px 0}.distribution .lengths{grid-column:1/-1;order:3}
.stages li{grid-template-columns:80px minmax(0,1fr) 78px;gap:10px}
.gallery{grid-template-columns:repeat(2,minmax(0,1fr));gap:10px}
.gallery.paired{grid-template-columns:minmax(0,1fr)}
.gallery .words{padding:8px 9px}
.candidates tbody tr{grid-template-columns:repeat(2,minmax(0,1fr))}.candidates tbody th,.candidates .outcome{grid-column:1/-1;max-width:none}
.candidates td.right{text-align:left}
.candidates td .aside,.candidates td .number{white-space:normal}
.key{margin-left:0;margin-right:10px}
}`;

/** Text in plots shrinks with them: on the narrowest screens it begins larger. */
export const sectionNarrow: Html = html`
@media screen and (max-width:520px){.plot text{font-size:${phoneText}px}.small{font-size:13px}.small th,.small td{padding:2px 3px}.small .range{white-space:normal}}`;

/** On paper. */
export const sectionPrint: Html = html`
@media print{
.price,figure,.gallery li,.choice{break-inside:avoid}
.plots{grid-template-columns:1fr 1fr}
.gallery{grid-template-columns:repeat(6,1fr)}.gallery.paired{grid-template-columns:repeat(4,1fr)}
figure details{display:none}
}`;
