/** The version of assay, from its package.json. */
import { readFileSync } from "node:fs";

export const assayVersion: string = (
  JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { version: string }
).version;
