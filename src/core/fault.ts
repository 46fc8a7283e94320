/** Every way assay can refuse, as one table: code → exit status, HTTP status, default remedy. `docs/errors.md` is tested against it. */
import { formatCount } from "./units.js";

interface FaultKind {
  /** Process exit status: 1 a fault, 2 wrong usage, 130 interrupted. */
  readonly exit: 1 | 2 | 130;
  /** HTTP status a service answers with. */
  readonly http: number;
  readonly meaning: string;
  readonly remedy: string;
}

export const faultTable = {
  usage: {
    exit: 2,
    http: 400,
    meaning: "The command line is not one that assay understands.",
    remedy: "see `assay --help`",
  },
  "spec-missing": {
    exit: 1,
    http: 400,
    meaning: "The spec file does not exist or cannot be read.",
    remedy: "give the path of a Markdown or YAML file with --spec",
  },
  "spec-invalid": {
    exit: 1,
    http: 400,
    meaning: "The spec is no text, holds no requirement, or a line of it cannot be read.",
    remedy: "write the line as in docs/spec.md",
  },
  "spec-contradiction": {
    exit: 1,
    http: 400,
    meaning: "Two lines of the spec cannot both hold, or a target is impossible.",
    remedy: "keep one of the lines",
  },
  "images-missing": {
    exit: 1,
    http: 404,
    meaning: "The folder of photographs does not exist or is not a folder.",
    remedy: "give a folder with one sub-folder for each class",
  },
  "images-unreadable": {
    exit: 1,
    http: 403,
    meaning: "The folder of photographs may not be read.",
    remedy: "grant read permission on the folder and on everything in it",
  },
  "images-insufficient": {
    exit: 1,
    http: 422,
    meaning: "There are too few readable photographs or classes to learn from.",
    remedy: "give at least two classes with several readable photographs each",
  },
  "manifest-invalid": {
    exit: 1,
    http: 422,
    meaning: "A manifest has missing columns, unknown files, contradictions or paths that leave its folder.",
    remedy: "write the manifest as in docs/images.md",
  },
  "image-unreadable": {
    exit: 1,
    http: 415,
    meaning: "A file that was given as an image cannot be decoded.",
    remedy: "open and save it again as JPEG or PNG",
  },
  "output-exists": {
    exit: 1,
    http: 409,
    meaning: "The output folder holds another run or other files; assay never overwrites silently.",
    remedy: "continue that run with --resume, or give another folder with --out",
  },
  "output-unwritable": {
    exit: 1,
    http: 507,
    meaning: "The output folder, the cache or the state folder cannot be written, or the disk is full.",
    remedy: "free space or grant write permission, then repeat the command; a run goes on with --resume",
  },
  "output-locked": {
    exit: 1,
    http: 409,
    meaning: "Another assay process is working in the output folder.",
    remedy: "wait until it ends, or give another folder with --out",
  },
  "trace-invalid": {
    exit: 1,
    http: 400,
    meaning: "The trace to be replayed is not there, or is none of a run that got as far as its recipe.",
    remedy: "give the trace.jsonl of a finished run",
  },
  "run-mismatch": {
    exit: 1,
    http: 409,
    meaning: "--resume or --replay was given for a run with other photographs, spec or options.",
    remedy: "repeat the options of the first run, whose spec is its `spec.json`, or give another folder with --out",
  },
  "bundle-missing": {
    exit: 1,
    http: 404,
    meaning: "The bundle folder does not exist or lacks one of its files.",
    remedy: "give the `bundle` folder of a finished run",
  },
  "bundle-invalid": {
    exit: 1,
    http: 422,
    meaning: "A file of the bundle is not the one that was written: its hash differs or it does not parse.",
    remedy: "copy the bundle again from the run, or run again",
  },
  "bundle-golden": {
    exit: 1,
    http: 500,
    meaning: "The bundle does not reproduce its golden examples on this machine.",
    remedy: "use the versions named in assay.json, or train on this machine",
  },
  "test-leak": {
    exit: 1,
    http: 422,
    meaning: "Photographs that the model was trained on were offered as test photographs.",
    remedy: "leave them out of the test data",
  },
  "model-invalid": {
    exit: 1,
    http: 422,
    meaning: "A file is not an ONNX model that this program can use.",
    remedy: "export the network to ONNX with an image input and pooled features",
  },
  "gradient-unsupported": {
    exit: 1,
    http: 422,
    meaning: "The part of a network that is to be trained holds an operator that cannot be differentiated.",
    remedy: "freeze the weights before that operator",
  },
  "training-diverged": {
    exit: 1,
    http: 500,
    meaning: "Fine-tuning met numbers that are not finite, again and again, at ever smaller learning rates.",
    remedy: "give smaller learning rates, or leave fine-tuning out with --no-fine-tuning",
  },
  "checkpoint-invalid": {
    exit: 1,
    http: 409,
    meaning:
      "The checkpoint of a fine-tuning is cut off or changed, or of another training, device or version of assay.",
    remedy: "delete the folder `fine-tuning` of the run, or give another folder with --out",
  },
  "not-explainable": {
    exit: 1,
    http: 422,
    meaning: "No network of the model averages a feature map over space, so its answers have no exact heat map.",
    remedy: "train with a network whose pooling is a global average, such as the embedded ones",
  },
  "download-failed": {
    exit: 1,
    http: 502,
    meaning:
      "A file could not be fetched whole from the address that was given, or is not the one that its checksum names.",
    remedy: "check the address and the connection, or download the file in another way and give its path",
  },
  "engine-failed": {
    exit: 1,
    http: 500,
    meaning: "ONNX Runtime refused a graph, or its worker thread ended.",
    remedy: "run again with fewer --threads; if it stays, report it with the trace",
  },
  "request-invalid": {
    exit: 1,
    http: 400,
    meaning: "A request to the service holds no photograph, or more than one, or is cut off or malformed.",
    remedy: "send one photograph, as the body or as the multipart field `file`",
  },
  "media-unsupported": {
    exit: 1,
    http: 415,
    meaning: "The body of a request to the service is of another type than photographs come in.",
    remedy: "send it as image/jpeg or another image type, or as the multipart field `file`",
  },
  "upload-too-large": {
    exit: 1,
    http: 413,
    meaning: "A request to the service has more bytes than it takes.",
    remedy: "scale the photograph down; a classifier sees a few hundred pixels a side",
  },
  "route-unknown": {
    exit: 1,
    http: 404,
    meaning: "The service has nothing under the path of a request.",
    remedy: "see /openapi.json for what there is",
  },
  "method-unsupported": {
    exit: 1,
    http: 405,
    meaning: "The service has the path of a request, and not for its method.",
    remedy: "use the method in the header `Allow`",
  },
  "service-busy": {
    exit: 1,
    http: 503,
    meaning: "More requests wait for an answer than the service holds.",
    remedy: "send it again after the seconds in the header `Retry-After`",
  },
  "service-unready": {
    exit: 1,
    http: 503,
    meaning: "The service lives, and no thread of its model does.",
    remedy: "start it again",
  },
  "address-unusable": {
    exit: 1,
    http: 500,
    meaning: "The service cannot listen there: the port is in use, or the host is no address of this machine.",
    remedy: "give another one with --port or --host",
  },
  interrupted: {
    exit: 130,
    http: 503,
    meaning: "The run was interrupted; everything finished so far is kept.",
    remedy: "repeat the command; a run goes on with --resume",
  },
  internal: {
    exit: 1,
    http: 500,
    meaning: "A case that assay did not foresee.",
    remedy: "report it with the command and the message",
  },
} as const satisfies Record<string, FaultKind>;

export type FaultCode = keyof typeof faultTable;

export interface FaultDetails {
  /** What went wrong, with the file and line where there is one. */
  readonly what: string;
  readonly expected?: string;
  readonly got?: string;
  /** Overrides the remedy of the table. */
  readonly remedy?: string;
  readonly cause?: unknown;
}

/** The one error class: a code of the table and one line saying what, expected, got, remedy. */
export class Fault extends Error {
  override readonly name = "Fault";
  readonly code: FaultCode;
  readonly what: string;
  readonly expected: string | undefined;
  readonly got: string | undefined;
  readonly remedy: string;

  constructor(code: FaultCode, details: FaultDetails) {
    const remedy = details.remedy ?? faultTable[code].remedy;
    const facts = [details.what];
    if (details.expected !== undefined) facts.push(`expected ${details.expected}`);
    if (details.got !== undefined) facts.push(`got ${details.got}`);
    super(oneLine(`${facts.join("; ")}. Remedy: ${remedy}.`), { cause: details.cause });
    this.code = code;
    this.what = details.what;
    this.expected = details.expected;
    this.got = details.got;
    this.remedy = remedy;
  }

  get exit(): 1 | 2 | 130 {
    return faultTable[this.code].exit;
  }

  get http(): number {
    return faultTable[this.code].http;
  }
}

/** The message of anything thrown, on one line. */
export function describeError(error: unknown): string {
  return oneLine(error instanceof Error ? error.message : String(error));
}

/** Throws the `interrupted` fault where the signal was raised. */
export function checkInterrupted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new Fault("interrupted", { what: "interrupted" });
}

/** Quotes a name so that newlines and control characters in it cannot break a line or a terminal. */
export function quoteName(name: string): string {
  return JSON.stringify(name);
}

/** Names in quotes; of many the first ten. */
export function listNames(names: readonly string[]): string {
  const shown = names.slice(0, 10).map(quoteName).join(", ");
  return names.length > 10 ? `${shown} and ${formatCount(names.length - 10)} more` : shown;
}

function oneLine(text: string): string {
  return text
    .replace(/\s*[\r\n]+\s*/g, " ")
    .replace(/[\p{Cc}]/gu, "�")
    .trim();
}
