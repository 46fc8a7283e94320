/** Rules of the kinds that say what is delivered with the model. They take no number. */
import { formatBytes, formatCount } from "../core/index.js";
import type { Requirement } from "../spec/index.js";
import { studentInterval } from "../statistics/index.js";
import { type Finding, type Levels, type Measurements, type ServiceAnswers, shown, unmeasured } from "./finding.js";
import { probabilityTolerance } from "./service.js";

export function api({ service }: Measurements): Finding {
  if ("reason" in service) return unmeasured(service.reason);
  if ("failed" in service) return shown(false, service.failed);
  return judgeAnswers(service, "the service");
}

function judgeAnswers({ n, differing, firstDifference }: ServiceAnswers, who: string): Finding {
  const posted = `${formatCount(n)} test photographs were posted to ${who}`;
  if (differing > 0)
    return shown(
      false,
      `${posted}; ${formatCount(differing)} answers differ from the model's own: ${firstDifference ?? ""}`,
      n,
    );
  return shown(
    true,
    `${posted}: the same labels as the model's own, the probabilities of the classes that they name within ${probabilityTolerance}`,
    n,
  );
}

export function container({ container: check }: Measurements): Finding {
  if ("reason" in check)
    return unmeasured(check.reason, "`assay verify` on a machine with Docker or Podman would decide it");
  if ("failed" in check) return shown(false, check.failed);
  return judgeAnswers(check.answers, `the container that ${check.engine} built and ran`);
}

/** Easy: one command makes a service of the bundle, and it answers rightly. */
export function deployment({ service, modelSizeBytes }: Measurements): Finding {
  if ("reason" in service) return unmeasured(service.reason);
  if ("failed" in service) return shown(false, service.failed);
  if (!service.started) return unmeasured("the service ran already: whether one command starts it was not tried");
  const finding = judgeAnswers(service, "it");
  return {
    ...finding,
    basis: `one command, \`assay serve\`, made a service of the bundle (model ${formatBytes(modelSizeBytes)}); ${finding.basis}`,
  };
}

/** Met only after the documents were validated and the bundle's own tests ran and passed. */
export function documentation({ documents: check }: Measurements): Finding {
  if ("reason" in check) return unmeasured(check.reason);
  const { documents, problems, tests } = check;
  if (problems.length > 0) return shown(false, problems.slice(0, 3).join("; "));
  const valid = `${documents.join(", ")} have what they must have, their figures are the manifest's`;
  if ("reason" in tests) return unmeasured(`${valid}; ${tests.reason}`);
  const { passed, failed } = tests;
  if (failed > 0) return shown(false, `${failed} of ${passed + failed} of the bundle's own tests failed`);
  return shown(true, `${valid}; the bundle's own ${passed} tests ran and passed`);
}

/** Random order's mean area under the deletion curve less the map's: above 0, the maps find what the model looks at. */
export function interpretability({ explanations, fresh }: Measurements, _line: Requirement, { test }: Levels): Finding {
  const open = (basis: string): Finding => ({ ...unmeasured(basis), alpha: test });
  if (explanations === null) return open("no photograph was explained");
  if ("refused" in explanations) return open(`not measured: ${explanations.refused}`);
  const gains = explanations.scores.map(({ map, random }) => random - map);
  const n = gains.length;
  if (n < 2) return open("one photograph cannot show it: at least two test photographs would");
  const { estimate, lower, upper } = studentInterval(gains, test);
  const by = (of: "map" | "random"): string =>
    (explanations.scores.reduce((sum, score) => sum + score[of], 0) / n).toFixed(3);
  const where = fresh ? "the fresh photographs" : "the test split";
  return {
    measured: estimate,
    lower,
    upper,
    n,
    alpha: test,
    target: { comparison: ">", value: 0 },
    basis: `class activation maps, exact for this model: the answer's probability falls faster when their hottest places are deleted first, mean area ${by("map")} against ${by("random")} in random order, on a fixed sample of ${n} photographs of ${where}; the difference must be above 0; Student's bounds, approximate`,
    decides: "more test photographs would decide",
  };
}
