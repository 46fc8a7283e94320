/** Where the real photographs and weights are, for tests that use them when they are at hand. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

const candidate = resolve(import.meta.dirname, "..", "..", "shared");

/** The `../shared` folder, or undefined where there is none. */
export const sharedPath: string | undefined = existsSync(join(candidate, "data")) ? candidate : undefined;
