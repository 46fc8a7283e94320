/** A run's folder, the per-user cache and state folders, atomic files, the lock, safetensors, and the ledger of test openings. */
export * from "./cache-size.js";
export * from "./files.js";
export * from "./folders.js";
export * from "./ledger.js";
export * from "./lock.js";
export * from "./run-folder.js";
export * from "./safetensors.js";
export * from "./test-share.js";
