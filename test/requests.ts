/** Requests as a client makes them. */

export interface Part {
  readonly name: string;
  /** Of a file; a plain field has none. */
  readonly filename?: string;
  readonly data: string | Uint8Array;
}

/** A multipart body (RFC 7578) with its header. */
export function multipart(parts: readonly Part[]): { payload: Buffer; headers: Record<string, string> } {
  const boundary = "----assay-test";
  const chunks = parts.flatMap(({ name, filename, data }) => {
    const file = filename === undefined ? "" : `; filename="${filename}"\r\nContent-Type: image/jpeg`;
    return [
      Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="${name}"${file}\r\n\r\n`),
      Buffer.from(data),
      Buffer.from("\r\n"),
    ];
  });
  return {
    payload: Buffer.concat([...chunks, Buffer.from(`--${boundary}--\r\n`)]),
    headers: { "content-type": `multipart/form-data; boundary=${boundary}` },
  };
}
