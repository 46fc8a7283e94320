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
export async function serve(bundle, port = 0) {
  const folders = {
    "/bundle/": bundle,
    "/onnxruntime-web/": dirname(fileURLToPath(import.meta.resolve("onnxruntime-web"))),
    "/": import.meta.dirname,
  };
  const server = createServer((request, response) => {
    answer(request, response, folders).catch(() => response.writeHead(400).end());
  });
  return new Promise((done, fail) => {
    server.once("error", fail);
    server.listen(port, "127.0.0.1", () => done(server));
  });
}

/** What is wrong with the arguments, in one line; null where nothing is. */
async function problemOf([bundle, port, ...more]) {
  if (bundle === undefined || more.length > 0) return "usage: node serve.mjs <bundle> [port]";
  const manifest = await stat(join(bundle, "assay.json")).catch(() => null);
  if (!manifest?.isFile())
    return `${JSON.stringify(bundle)} is no bundle: it has no assay.json; give the bundle folder of a run`;
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65535)
    return `${JSON.stringify(port)} is no port; give a number from 0 to 65535`;
  return null;
}

/** Why the server did not start, in one line. */
function describe(error, port) {
  if (error.code === "EADDRINUSE") return `port ${port} is taken; give another one`;
  if (error.code === "ERR_MODULE_NOT_FOUND") return "onnxruntime-web is not there; run: npm install onnxruntime-web";
  return error.message;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [bundle, port = "8080", ...more] = process.argv.slice(2);
  const problem = await problemOf([bundle, port, ...more]);
  const server = problem === null ? await serve(bundle, Number(port)).catch((error) => describe(error, port)) : problem;
  if (typeof server === "string") {
    console.error(server);
    process.exitCode = 1;
  } else console.log(`http://127.0.0.1:${server.address().port}/`);
}
