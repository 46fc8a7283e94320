/** The table of kinds: how a line of each is recognized, what it is measured in, and where it is judged. A kind left out does not compile. */
import type { KindRow } from "./kind-row.js";
import { costKinds } from "./kinds-cost.js";
import { dataKinds } from "./kinds-data.js";
import { deliveryKinds } from "./kinds-delivery.js";
import { qualityKinds } from "./kinds-quality.js";
import type { RequirementKind } from "./requirement.js";

/** No pattern of its own: what no other row recognizes. */
const unchecked: KindRow = {
  name: "not checkable",
  has: [],
  unit: "none",
  comparison: ">=",
  needsTarget: false,
  range: null,
  judgedOn: "run",
  estimator: () => "none",
  near: /(?!)/u,
  examples: ["Users love it"],
};

/** Order is precedence: among the rows that fit a line the first wins. */
export const kinds: Readonly<Record<RequirementKind, KindRow>> = {
  ...qualityKinds,
  ...costKinds,
  ...deliveryKinds,
  ...dataKinds,
  "not-checkable": unchecked,
};

/** Every kind in order of precedence. */
export const kindNames = Object.keys(kinds) as readonly RequirementKind[];
