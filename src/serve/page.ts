/** The page at `/`: one file of the package, and a policy that lets it run its own script and load nothing from elsewhere. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const file = fileURLToPath(new URL("../../web/index.html", import.meta.url));

export interface Page {
  readonly html: string;
  /** Content-Security-Policy (w3.org/TR/CSP3). */
  readonly policy: string;
}

export async function readPage(): Promise<Page> {
  const html = await readFile(file, "utf8");
  const policy = [
    "default-src 'none'",
    `script-src ${hashesOf("script", html)}`,
    `style-src ${hashesOf("style", html)}`,
    "img-src blob: data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
  return { html, policy };
}

function hashesOf(tag: "script" | "style", html: string): string {
  const texts = [...html.matchAll(new RegExp(`<${tag}[^>]*>([^]*?)</${tag}>`, "g"))].map(([, text]) => text!);
  return texts.map((text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`).join(" ");
}
