#!/usr/bin/env -S MALLOC_MMAP_THRESHOLD_=131072 node
/**
 * Starts the built program; where it is not built, one line says what builds it. glibc is told to give large blocks back to the system as soon as
 * they are free (mallopt(3), M_MMAP_THRESHOLD): with its own changing threshold a run keeps hundreds of megabytes that nothing uses. Others
 * ignore the variable.
 */
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
