#!/usr/bin/env node
/** Starts the built program; where it is not built, one line says what builds it. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const program = new URL("../dist/cli/main.js", import.meta.url);

if (existsSync(program)) await import(program.href);
else {
  const root = fileURLToPath(new URL("..", import.meta.url));
  process.stderr.write(
    `assay: the program is not built: ${fileURLToPath(program)} is not there. Remedy: run npm run build in ${root}\n`,
  );
  process.exitCode = 1;
}
