import { expect, test } from "vitest";
import { Admission } from "./admission.js";

/** A task that ends when it is told to. */
function gate(): { open: () => void; opened: Promise<void> } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

test("tasks beyond the limit wait in order, and beyond the queue are refused at once", async () => {
  const admission = new Admission({ running: 1, waiting: 2, heldBytes: 1 });
  const gates = [gate(), gate(), gate()];
  const ended: number[] = [];
  const runs = gates.map(({ opened }, i) => admission.run(() => opened.then(() => ended.push(i))));
  await expect(admission.run(async () => 0)).rejects.toMatchObject({ code: "service-busy" });
  expect([admission.running, admission.waiting]).toEqual([1, 2]);
  for (const { open } of gates.toReversed()) open();
  await Promise.all(runs);
  expect(ended).toEqual([0, 1, 2]);
  expect([admission.running, admission.waiting]).toEqual([0, 0]);
});

test("a task that nobody waits for any more leaves the queue and is not begun; one that runs goes on", async () => {
  const admission = new Admission({ running: 1, waiting: 2, heldBytes: 1 });
  const [first, clients] = [gate(), [new AbortController(), new AbortController(), new AbortController()]];
  const begun: number[] = [];
  const runs = clients.map(({ signal }, i) =>
    admission.run(async () => {
      begun.push(i);
      await first.opened;
      return i;
    }, signal),
  );
  clients[1]!.abort();
  await expect(runs[1]).rejects.toMatchObject({ code: "interrupted" });
  expect(admission.waiting).toBe(1);
  clients[0]!.abort();
  first.open();
  expect(await Promise.all([runs[0], runs[2]])).toEqual([0, 2]);
  expect(begun).toEqual([0, 2]);
  await expect(admission.run(async () => 0, clients[0]!.signal)).rejects.toMatchObject({ code: "interrupted" });
  expect([admission.running, admission.waiting]).toEqual([0, 0]);
});

test("a task that fails hands its place on", async () => {
  const admission = new Admission({ running: 1, waiting: 1, heldBytes: 1 });
  const failing = admission.run(() => Promise.reject(new Error("no")));
  const next = admission.run(async () => "yes");
  await expect(failing).rejects.toThrow("no");
  expect(await next).toBe("yes");
  expect(admission.running).toBe(0);
});

test("bytes are held up to the limit, until they are released", () => {
  const admission = new Admission({ running: 1, waiting: 0, heldBytes: 100 });
  const [one, other] = [admission.hold(), admission.hold()];
  one.add(60);
  other.add(40);
  expect(() => one.add(1)).toThrow(/busy/);
  other.release();
  other.release();
  one.add(40);
  expect(() => other.add(1)).toThrow(/busy/);
});
