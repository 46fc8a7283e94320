/** What a training says of itself, as lines of the trace. */
import { formatCount, formatPercent } from "../core/index.js";
import {
  type Cut,
  type Depth,
  describeRates,
  type EpochRecord,
  type FineTuned,
  type Judged,
  trainedShare,
  type TrainingEvent,
} from "../finetune/index.js";
import type { RunContext } from "./context.js";
import type { TuningPlan } from "./tuning-plan.js";

export function describePlan({ cut, settings: { epochs, batch, rates } }: TuningPlan, cuts: readonly Cut[]): string {
  const found = cuts.find(({ value }) => value === cut);
  const what = found ? `the last ${formatPercent(trainedShare(found), 0)} of the network's work` : "all of the network";
  return `${what}, ${epochs} epochs in batches of ${batch}, ${describeRates(rates)}`;
}

/** What a training says, as lines of the trace. */
export function listen(event: TrainingEvent, { name }: Depth, { trace }: RunContext): void {
  if (event.kind === "epoch") {
    const { record } = event;
    const gap = record.train.accuracy - record.select.accuracy;
    trace.add("observation", "loop", `${name}: ${describeEpoch(record)}`, { epoch: record, gap });
  } else if (event.kind === "resumed") {
    trace.add("observation", "loop", `${name}: goes on in epoch ${event.position.epoch + 1}`, { ...event });
  } else if (event.kind === "rolled-back") {
    const text = `the loss is ${event.loss}: back to the last checkpoint, learning rates × ${event.rateScale}`;
    trace.add("decision", "loop", `${name}: ${text}`, { ...event, loss: String(event.loss) });
  } else if (event.kind === "placed") trace.add("observation", "device", event.text);
  else if (event.kind === "overflow")
    trace.add("observation", "loop", `${name}: gradients overflowed at a loss scale of ${event.lossScale}`, {
      ...event,
    });
  else {
    const why = event.kind === "time" ? "the budget has no time for one more" : "select gets no better";
    trace.add("decision", "loop", `${name}: ended after epoch ${event.epoch}, ${why}`, { name, ...event });
  }
}

function describeEpoch({ epoch, learned, train, select, averaged }: EpochRecord): string {
  const show = ({ accuracy, loss }: Judged): string => `${formatPercent(accuracy)} (log loss ${loss.toFixed(3)})`;
  const views = learned === null ? "" : `, random views ${show(learned)}`;
  const mean = averaged === null ? "" : `, with averaged weights ${show(averaged)}`;
  return `${epoch === 0 ? "before" : `epoch ${epoch}`}: train ${show(train)}${views}; select ${show(select)}${mean}`;
}

export function describeTraining({ best: { epoch, isAveraged }, history, parameters }: FineTuned): string {
  const { train, select, averaged } = history.find((one) => one.epoch === epoch)!;
  const gap = formatPercent(train.accuracy - (isAveraged ? averaged! : select).accuracy);
  return `best after epoch ${epoch}${isAveraged ? ", averaged weights" : ""}, of ${formatCount(parameters)} numbers; train is ${gap} above select`;
}
