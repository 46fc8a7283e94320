/** The photograph in a request: its whole body, or the multipart field `file` (RFC 7578). */
import type { Readable } from "node:stream";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { Fault, formatBytes } from "../core/index.js";
import type { Hold } from "./admission.js";

/** Larger uploads are refused. */
export const uploadLimitBytes = 20_000_000;

/** What multipart's boundaries and headers may add to a photograph of the largest size. */
const multipartOverheadBytes = 10_000;

/** Takes bodies of photographs as streams, and no others. `@fastify/multipart` adds its own type. */
export function acceptPhotographs(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  for (const type of [/^image\//, "application/octet-stream"])
    app.addContentTypeParser(type, (_request, payload, done) => done(null, payload));
}

/** Reads the photograph of a request. Throws `request-invalid`, `upload-too-large`, `service-busy`. */
export async function readUpload(request: FastifyRequest, hold: Hold): Promise<Uint8Array> {
  const multipart = request.isMultipart();
  checkLength(Number(request.headers["content-length"] ?? 0), multipart ? multipartOverheadBytes : 0);
  try {
    const photograph = multipart ? await readField(request, hold) : await readBody(request, hold);
    if (photograph.length === 0) throw missing("an empty one");
    return photograph;
  } catch (error) {
    // What is left of the body is read and dropped: a client that is still sending would see a reset, not the answer.
    request.raw.unpipe();
    request.raw.resume();
    throw error;
  }
}

async function readBody(request: FastifyRequest, hold: Hold): Promise<Uint8Array> {
  if (!request.body) throw missing("no body");
  return readBytes(request.body as Readable, hold);
}

async function readField(request: FastifyRequest, hold: Hold): Promise<Uint8Array> {
  let photograph: Uint8Array | undefined;
  const limits = { fileSize: uploadLimitBytes + 1, files: 2, fields: 10, fieldSize: 1000, parts: 12 };
  for await (const part of request.parts({ limits })) {
    if (part.type !== "file") continue;
    if (part.fieldname !== "file") throw missing(`a file in the field ${JSON.stringify(part.fieldname)}`);
    if (photograph) throw missing("several files");
    photograph = await readBytes(part.file, hold);
  }
  if (!photograph) throw missing("no file");
  return photograph;
}

/** Reads a stream to its end. It is left as it is where that fails. */
async function readBytes(stream: Readable, hold: Hold): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    checkLength(size, 0);
    hold.add(chunk.length);
    chunks.push(chunk);
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}

function checkLength(bytes: number, overheadBytes: number): void {
  if (bytes <= uploadLimitBytes + overheadBytes) return;
  throw new Fault("upload-too-large", {
    what: "the upload is too large",
    expected: `at most ${formatBytes(uploadLimitBytes)}`,
    got: `${formatBytes(bytes)}${bytes > 2 * uploadLimitBytes ? "" : " or more"}`,
  });
}

function missing(got: string): Fault {
  return new Fault("request-invalid", {
    what: "the request holds no photograph that can be taken",
    expected: "an image as the body, or one file in the multipart field `file`",
    got,
  });
}
