/** The address of a Redis server, checked without loading its client. */
import { Fault } from "../core/index.js";

/** Checks the address of `--cache`. Throws `usage`. */
export function parseRedisUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && ["redis:", "rediss:"].includes(url.protocol) && url.hostname !== "") return url;
  throw new Fault("usage", {
    what: "--cache is no address of a Redis server",
    expected: "redis://host:port, or rediss:// for TLS",
    got: url === null ? JSON.stringify(text) : `${url.protocol}//…`,
    remedy: "give such an address, or leave --cache out: answers are then remembered in the process",
  });
}
