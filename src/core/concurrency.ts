/** Bounded concurrency: at most `limit` calls under way; the first error stops the rest and is thrown after all have settled. */

/** Maps an iterable with at most `limit` calls under way; results keep the order of the items. */
export async function mapBounded<T, R>(
  items: Iterable<T>,
  limit: number,
  map: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const source = items[Symbol.iterator]();
  let index = 0;
  let failed = false;
  const worker = async (): Promise<void> => {
    while (!failed) {
      const step = source.next();
      if (step.done) return;
      const position = index++;
      try {
        results[position] = await map(step.value, position);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const settled = await Promise.allSettled(Array.from({ length: Math.max(1, limit) }, worker));
  const failure = settled.find((outcome) => outcome.status === "rejected");
  if (failure) throw failure.reason;
  return results;
}
