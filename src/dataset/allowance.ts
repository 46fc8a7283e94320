/** Bounds memory where the pieces differ in size: work waits until what it needs is free. */

export interface Allowance {
  /** Runs `action` while `bytes` are held. A piece larger than the whole allowance runs alone. */
  use<T>(bytes: number, action: () => Promise<T>): Promise<T>;
}

/** An allowance of so many bytes; those who wait are served in order. */
export function createAllowance(totalBytes: number): Allowance {
  let held = 0;
  const waiting: { readonly bytes: number; readonly start: () => void }[] = [];
  const serve = (): void => {
    for (let next = waiting[0]; next && (held === 0 || held + next.bytes <= totalBytes); next = waiting[0]) {
      waiting.shift();
      held += next.bytes;
      next.start();
    }
  };
  return {
    use: async (bytes, action) => {
      await new Promise<void>((start) => {
        waiting.push({ bytes, start });
        serve();
      });
      try {
        return await action();
      } finally {
        held -= bytes;
        serve();
      }
    },
  };
}
