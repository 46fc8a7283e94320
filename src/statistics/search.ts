/** The smallest integer of [low, high] that holds, for a test that holds at `high` and never stops holding on the way there. */
export function smallest(low: number, high: number, holds: (value: number) => boolean): number {
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
