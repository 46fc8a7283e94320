/** Where assay keeps what outlives a run: the cache (may be deleted at any time) and the state (the ledger). */
import { homedir } from "node:os";
import { join, resolve } from "node:path";

export type Environment = Readonly<Record<string, string | undefined>>;

const bases = {
  linux: { cache: ["XDG_CACHE_HOME", ".cache"], state: ["XDG_STATE_HOME", ".local/state"] },
  darwin: { cache: [null, "Library/Caches"], state: [null, "Library/Application Support"] },
  win32: { cache: ["LOCALAPPDATA", "AppData/Local"], state: ["LOCALAPPDATA", "AppData/Local"] },
} as const;

/** The per-user cache, moved by ASSAY_CACHE. */
export function cacheFolder(environment: Environment = process.env): string {
  return environment.ASSAY_CACHE ? resolve(environment.ASSAY_CACHE) : userFolder("cache", environment);
}

/** The per-user state, moved by ASSAY_STATE. */
export function stateFolder(environment: Environment = process.env): string {
  return environment.ASSAY_STATE ? resolve(environment.ASSAY_STATE) : userFolder("state", environment);
}

function userFolder(kind: "cache" | "state", environment: Environment): string {
  const platform = process.platform === "darwin" || process.platform === "win32" ? process.platform : "linux";
  const [variable, fallback] = bases[platform][kind];
  const base = (variable && environment[variable]) || join(homedir(), ...fallback.split("/"));
  return join(base, "assay", kind);
}
