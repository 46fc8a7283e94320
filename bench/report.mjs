// What every benchmark prints: the machine, then median and range of each series.
import { availableParallelism, cpus } from "node:os";

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 ? sorted[Math.floor(middle)] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Prints a title and a row for each named series of numbers. */
export function describe(title, series) {
  console.log(`${title}\n${cpus()[0].model}, ${availableParallelism()} cores, Node ${process.version}`);
  for (const [name, values] of Object.entries(series))
    console.log(
      `  ${name.padEnd(36)} median ${median(values).toFixed(2)}  (${Math.min(...values).toFixed(2)} to ${Math.max(...values).toFixed(2)}, n = ${values.length})`,
    );
}
