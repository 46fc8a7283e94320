/** What ONNX Runtime says when it refuses, as faults that say what to do. */
import { describeError, Fault, type FaultCode, type FaultDetails } from "../core/index.js";

interface Refusal {
  readonly pattern: RegExp;
  readonly code: FaultCode;
  readonly explain: (match: RegExpMatchArray) => FaultDetails;
}

const missingOperator = (name: string, node = ""): FaultDetails => ({
  what: `ONNX Runtime has no operator ${name}${node && ` for the node ${JSON.stringify(node)}`}`,
  remedy: "export the network with standard ONNX operators in float32",
});

/** The first line that matches explains. */
const refusals: readonly Refusal[] = [
  {
    pattern: /bad_alloc|bad allocation|Failed to allocate memory|Array buffer allocation failed|memory limit/i,
    code: "engine-failed",
    explain: () => ({
      what: "the engine ran out of memory",
      remedy: "close other programs, or use fewer --threads or smaller pictures",
    }),
  },
  {
    pattern: /No Op registered for (\S+) with domain_version of (\d+)/,
    code: "engine-failed",
    explain: ([, name, version]) => missingOperator(`${name} in operator set ${version}`),
  },
  {
    pattern: /\("[^"]*", (\S+), "([^"]*)".*No opset import for domain/,
    code: "engine-failed",
    explain: ([, name, domain]) => missingOperator(`${name} of the domain ${domain}`),
  },
  {
    pattern: /Could not find an implementation for (\S+?)\((\d+)\) node with name '([^']*)'/,
    code: "engine-failed",
    explain: ([, name, , node]) => missingOperator(`${name} for these element types`, node),
  },
  {
    pattern: /Load model from (.*) failed:.*File doesn't exist/,
    code: "model-invalid",
    explain: ([, path]) => ({ what: `there is no file ${path}`, remedy: "give the path of an ONNX file" }),
  },
  {
    pattern: /protobuf parsing failed|Model data pointer is null|model path is a directory/i,
    code: "model-invalid",
    explain: () => ({ what: "that is no ONNX model, or it is cut off", remedy: "export or copy the file again" }),
  },
];

/** The fault for a message of ONNX Runtime or for the end of its thread. */
export function explainRefusal(reason: unknown): Fault {
  const message = describeError(reason);
  for (const { pattern, code, explain } of refusals) {
    const match = message.match(pattern);
    if (match) return new Fault(code, { ...explain(match), got: message, cause: reason });
  }
  return new Fault("engine-failed", { what: `ONNX Runtime failed: ${message}`, cause: reason });
}
