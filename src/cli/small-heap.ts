/** V8's part of a process that stays. */
import { setFlagsFromString } from "node:v8";

/** V8 reads these again while it runs (the growth of a young generation) or for each new thread (its largest size). */
const flags = [
  // A young generation keeps its first size and does not grow to 16 MB in each thread.
  "--semi-space-growth-factor=1",
  "--max-semi-space-size=1",
  "--optimize-for-size",
];

/**
 * Keeps the heap small from here on; before the rest of the program is loaded, which grows it too. A service of EfficientNet-Lite0
 * on two cores has 218 MB resident after 300 requests with it, 246 to 347 without.
 */
export function keepHeapSmall(): void {
  for (const flag of flags) setFlagsFromString(flag);
}
