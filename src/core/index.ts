/** Foundations without side effects of their own: faults, seeded randomness, hashes, units, progress, bounded concurrency. */
export * from "./concurrency.js";
export * from "./fault.js";
export * from "./float16.js";
export * from "./half-matrix.js";
export * from "./grouping.js";
export * from "./hash.js";
export * from "./order.js";
export * from "./progress.js";
export * from "./prose.js";
export * from "./random.js";
export * from "./units.js";
export * from "./version.js";
