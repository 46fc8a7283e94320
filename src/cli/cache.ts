/** `assay cache`: where it is and how large; `assay cache clear`. */
import { countOf, formatBytes } from "../core/index.js";
import { cacheFolder, cacheLimit, clearCache, listCache } from "../store/index.js";
import { openTerminal } from "./terminal.js";

export async function cacheCommand({ json }: { readonly json: boolean }, isCleared: boolean): Promise<number> {
  const terminal = openTerminal(json);
  const folder = cacheFolder();
  const limitBytes = cacheLimit();
  const entries = await listCache(folder);
  const bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0);
  if (isCleared) await clearCache(folder);
  const files = entries.length;
  if (json) terminal.answer(JSON.stringify({ folder, files, bytes, limitBytes, cleared: isCleared }));
  else if (isCleared) terminal.answer(`removed ${formatBytes(bytes)} in ${countOf(files, "file")} from ${folder}`);
  else
    terminal.answer(
      `${folder}: ${formatBytes(bytes)} in ${countOf(files, "file")}, at most ${formatBytes(limitBytes)} after a run`,
    );
  return 0;
}
