/** The loop itself: thought, action, observation, decision, until nothing is left that helps or fits. */
import { checkInterrupted, formatSeconds } from "../core/index.js";
import type { Trace } from "../trace/index.js";
import type { Action, Observed, Prediction } from "./action.js";

export interface LoopOptions<State> {
  readonly actions: readonly Action<State>[];
  /** Seconds left for actions and for what keeping them costs later. */
  readonly secondsLeft: () => number;
  /** Why nothing more is done from here; null where something is. */
  readonly ends: (state: State) => string | null;
  readonly trace: Trace;
  readonly signal?: AbortSignal | undefined;
}

interface Choice<State> {
  readonly action: Action<State>;
  readonly prediction: Prediction;
}

/**
 * Does the action that promises most for its seconds, again and again. What helps is gone on from; what does not is rolled back and
 * not tried again from there. Throws `interrupted`, and what actions throw.
 */
export async function runLoop<State>(start: State, options: LoopOptions<State>): Promise<State> {
  const { actions, trace, signal, secondsLeft } = options;
  let state = start;
  const open = new Set(actions);
  for (;;) {
    checkInterrupted(signal);
    const choices = predictAll([...open], state, secondsLeft());
    const affordable = choices.filter(({ prediction: { seconds } }) => seconds <= Math.max(0, secondsLeft()));
    const ended = options.ends(state);
    const end = ended ?? (affordable.length === 0 ? endOf(choices) : null);
    if (end !== null) {
      sayUnmeasured(choices, ended ?? `${formatSeconds(Math.max(0, secondsLeft()))} are left`, trace);
      trace.add("decision", "loop", `no further action: ${end}`);
      return state;
    }
    const chosen = affordable.reduce((best, choice) => (rate(choice) > rate(best) ? choice : best));
    const { state: next } = await perform(chosen, state, options);
    if (next === null) {
      open.delete(chosen.action);
      continue;
    }
    state = next;
    for (const action of actions) open.add(action); // what did not help before may help from here
  }
}

function predictAll<State>(open: readonly Action<State>[], state: State, secondsLeft: number): Choice<State>[] {
  return open.flatMap((action) => {
    const prediction = action.predict(state, secondsLeft);
    return prediction === null ? [] : [{ action, prediction }];
  });
}

function endOf(choices: readonly unknown[]): string {
  return choices.length === 0 ? "no action is left that helps" : "what is left exceeds the budget";
}

/** Decrease of the log loss for each second. */
function rate({ prediction: { gain, seconds } }: { readonly prediction: Prediction }): number {
  return (gain ?? 0) / Math.max(seconds, 1e-3);
}

async function perform<State>(
  { action, prediction }: Choice<State>,
  state: State,
  { trace }: LoopOptions<State>,
): Promise<Observed<State>> {
  const { name, thought } = action;
  const { seconds, gain, refused, decided = false } = prediction;
  for (const text of refused ?? []) trace.add("decision", "loop", `${name}: ${text}`, { name, isPart: true });
  trace.add(
    "thought",
    "loop",
    `${name}: ${thought}; ${decided ? "decided before" : forecast(prediction)}`,
    decided ? { name } : { name, seconds, gain },
  );
  trace.add("action", "loop", name, { name });
  const start = performance.now();
  const observed = await action.run(state);
  const took = (performance.now() - start) / 1000;
  for (const { text, data } of observed.observations)
    trace.add("observation", "loop", `${name}: ${text}`, { name, ...data, seconds: took });
  if (observed.state === null) await action.rollback?.(state);
  return observed;
}

function forecast({ seconds, gain }: Prediction): string {
  const expected = gain === null ? "" : `, usually ${gain.toFixed(3)} of log loss`;
  return `${seconds === 0 ? "at once" : `about ${formatSeconds(seconds)}`}${expected}`;
}

/** What was not tried, with the reason that refused it: nothing more is needed, a share of the time is spent, or too little of it is left. */
function sayUnmeasured<State>(choices: readonly Choice<State>[], why: string, trace: Trace): void {
  for (const { action, prediction } of choices) {
    const { seconds } = prediction;
    const text = `${action.name}: not measured; ${prediction.decided ? "" : `it takes about ${formatSeconds(seconds)}, `}${why}`;
    trace.add("decision", "loop", text, { name: action.name, unmeasured: true, seconds, why });
  }
}
