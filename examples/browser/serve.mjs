// Serves the page, a bundle and onnxruntime-web from this machine to this machine: node serve.mjs <bundle> [port]
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer } from "node:http";
import { dirname, extname, join, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";

const types = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".json": "application/json",
  ".png": "image/png",
  ".wasm": "application/wasm",
};

/** These let the page use threads; everything comes from this server, so that they forbid nothing here. */
const isolation = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

/** The file for a request's path, or null where it would leave its folder. */
function locate(path, folders) {
  const [prefix, folder] = Object.entries(folders).find(([start]) => path.startsWith(start));
  const root = resolve(folder);
  const file = join(root, path.slice(prefix.length) || "index.html");
  return file.startsWith(root + sep) ? file : null;
}

async function answer(request, response, folders) {
  const file = locate(decodeURIComponent(new URL(request.url, "http://localhost").pathname), folders);
  const found = file && (await stat(file).catch(() => null));
  if (!found?.isFile()) return response.writeHead(404).end("not here");
  const type = types[extname(file)] ?? "application/octet-stream";
  response.writeHead(200, { "Content-Type": type, "Content-Length": found.size, ...isolation });
  return createReadStream(file).pipe(response);
}

/** Starts the server on 127.0.0.1; port 0 takes a free one. Resolves to the server when it listens. */
export function serve(bundle, port = 0) {
  const folders = {
    "/bundle/": bundle,
    "/onnxruntime-web/": dirname(fileURLToPath(import.meta.resolve("onnxruntime-web"))),
    "/": import.meta.dirname,
  };
  const server = createServer((request, response) => {
    answer(request, response, folders).catch(() => response.writeHead(400).end());
  });
  return new Promise((done) => {
    server.listen(port, "127.0.0.1", () => done(server));
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [bundle, port = "8080"] = process.argv.slice(2);
  if (!bundle) throw new Error("usage: node serve.mjs <bundle> [port]");
  const { port: taken } = (await serve(bundle, Number(port))).address();
  console.log(`http://127.0.0.1:${taken}/`);
}
