/** What the loop knows of a step: what it would cost, how it is done and observed, how it is taken back. */

/** What an action is expected to bring and to take, before it is done. */
export interface Prediction {
  /** Of the action itself and of what keeping it costs later in the run. */
  readonly seconds: number;
  /** Decrease of the log loss that such a step usually brings, or null where nothing is known of it. */
  readonly gain: number | null;
  /** Whether an earlier run or a recorded one decided it: seconds and gain then order it, and are no forecast. */
  readonly decided?: boolean;
  /** What is left out because it costs too much, in words. */
  readonly refused?: readonly string[];
}

/** What was seen when an action was done. */
export interface Observed<State> {
  /** What it led to; null where it does not help, and is taken back. */
  readonly state: State | null;
  /** One line for each thing that was measured. */
  readonly observations: readonly { readonly text: string; readonly data: Readonly<Record<string, unknown>> }[];
}

/** A step of the loop. A state is never changed in place, so that the one before can be gone on with. */
export interface Action<State> {
  readonly name: string;
  /** Why it may help, in the words of the trace. */
  readonly thought: string;
  /** What it would cost from here; null where it does not apply, or its time is not there. */
  readonly predict: (state: State, secondsLeft: number) => Prediction | null;
  readonly run: (state: State) => Promise<Observed<State>>;
  /** Takes back what `run` left outside of the state, such as files. */
  readonly rollback?: (state: State) => Promise<void>;
}
