/** What stands behind the verdicts: cost figures, findings in the data, the machine, hashes, what is not built yet. */
import { devices } from "../onnx/index.js";
import { formatBytes, formatCount, formatSeconds } from "../core/index.js";
import type { Evidence } from "../verify/index.js";
import { type Html, html, renderName } from "./html.js";
import { formatMoment } from "../spec/index.js";

type Finding = NonNullable<Evidence["findings"]>[number];

const shownExamples = 5;

/** Latency, size, memory and training time as a row of figures. */
export function renderCosts(evidence: Evidence): Html {
  const { latencyMs, modelSizeBytes, peakMemoryBytes, trainingSeconds } = evidence.metrics;
  const bound =
    latencyMs.p95Upper === null ? "too few runs for a bound" : `at most ${formatMs(latencyMs.p95Upper)} by its bound`;
  const tiles = [
    renderTile("Latency, p95", formatMs(latencyMs.p95), bound),
    renderTile(
      "Latency, median",
      formatMs(latencyMs.p50),
      `mean ${formatMs(latencyMs.mean)}; ${formatCount(latencyMs.n)} runs of one image`,
    ),
    renderTile("Model size", formatBytes(modelSizeBytes), "model.onnx on disk"),
    renderTile(
      "Peak memory",
      peakMemoryBytes === null ? "not recorded" : formatBytes(peakMemoryBytes),
      "as recorded by the run",
    ),
    renderTile(
      "Training time",
      trainingSeconds === null ? "not recorded" : formatSeconds(trainingSeconds),
      "as recorded by the run",
    ),
  ];
  return html`<section id="costs" aria-labelledby="costs-title"><h2 id="costs-title">Speed and size</h2>
<dl class="tiles">${tiles}</dl></section>`;
}

/** What the audit found in the data, worst first. */
/** Null where the photographs were not audited: a verification alone does not. */
export function renderFindings({ findings: found }: Evidence): Html | null {
  if (found === undefined) return null;
  const order: readonly Finding["severity"][] = ["error", "warning", "info"];
  const findings = order.flatMap((severity) => found.filter((finding) => finding.severity === severity));
  const body =
    findings.length === 0 ? html`<p>No findings.</p>` : html`<ul class="findings">${findings.map(renderFinding)}</ul>`;
  return html`<section id="data" aria-labelledby="data-title"><h2 id="data-title">Findings in the data</h2>
<p class="lead">assay changes nothing in the folder of photographs; what is said here is for people to act on.</p>
${body}</section>`;
}

/** Machine, versions and hashes: what it takes to measure again. */
export function renderMachine(evidence: Evidence): Html {
  const { machine, run } = evidence;
  return html`<section id="machine" aria-labelledby="machine-title"><h2 id="machine-title">Machine and identity</h2>
<div class="columns">${renderFacts("Run", [
    ["Finished", formatMoment(run.finishedAt)],
    ["Images", run.images],
    ["Spec", run.specSource],
    ["Seed", String(run.seed)],
    [
      "Test opening",
      `${run.testOpening === 1 ? "1 (the first)" : run.testOpening}, at level ${Number(run.testAlpha.toPrecision(2))}`,
    ],
    ["Spec SHA-256", run.specHash],
    ["Bundle SHA-256", run.bundleHash],
  ])}${renderFacts("Machine", [
    ["Processor", machine.cpu],
    ["Cores used", String(machine.cores)],
    ["The network ran on", devices[machine.device ?? "cpu"].title],
    ["Memory", formatBytes(machine.memoryBytes)],
    ["Platform", machine.platform],
    ["assay", machine.assay],
    ["Node", machine.node],
    ["ONNX Runtime", machine.onnxruntime],
    ["libvips", machine.libvips],
  ])}</div></section>`;
}

/** What this release leaves out, said openly; nothing where nothing is missing. */
export function renderMissing(evidence: Evidence): Html | null {
  if (evidence.notBuiltYet.length === 0) return null;
  return html`<section id="missing" aria-labelledby="missing-title"><h2 id="missing-title">Not built yet</h2>
<p class="lead">This release of assay does not do the following. Lines of the spec that need it are unproven, never assumed.</p>
<ul class="missing">${evidence.notBuiltYet.map((item) => html`<li>${item}</li>`)}</ul></section>`;
}

function renderTile(name: string, value: string, note: string): Html {
  return html`<div><dt>${name}</dt><dd><span class="number big">${value}</span><span class="aside">${note}</span></dd></div>`;
}

function renderFinding(finding: Finding): Html {
  const examples = finding.examples
    .slice(0, shownExamples)
    .map((example) => html`<li><code>${renderName(example)}</code></li>`);
  const more = Math.max(finding.count, finding.examples.length) - examples.length;
  return html`<li class="finding ${finding.severity}"><span class="severity">${finding.severity}</span><div><p>${finding.text}</p>${examples.length > 0 && html`<ul class="examples">${examples}${more > 0 && html`<li class="aside">and ${formatCount(more)} more</li>`}</ul>`}</div></li>`;
}

function renderFacts(title: string, facts: readonly (readonly [string, string])[]): Html {
  return html`<div><h3>${title}</h3><dl class="facts">${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${renderName(value)}</dd></div>`)}</dl></div>`;
}

function formatMs(latencyMs: number): string {
  return Number.isFinite(latencyMs) ? formatSeconds(latencyMs / 1000) : "?";
}
