/** Progress as data: whoever works reports, whoever draws decides how. */

export interface ProgressEvent {
  /** A short name of the work, such as "scan". */
  readonly stage: string;
  readonly done: number;
  readonly total: number;
  /** What is counted, such as "images". */
  readonly unit: string;
}

export type Progress = (event: ProgressEvent) => void;

export const silent: Progress = () => {};
