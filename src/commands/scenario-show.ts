import { anyGround, compile } from "../scenario/compile.ts";
import { partText } from "../scenario/deploy-inventory.ts";
import { deployMermaid, deployPicture } from "../scenario/deploy-picture.ts";
import { isDeploy, type AnyScenario, type DeployScenario } from "../scenario/deploy-scenario.ts";
import { deploySteps } from "../scenario/deploy-steps.ts";
import type { Step } from "../scenario/build.ts";
import { readScenario } from "../scenario/library.ts";
import { mermaid, picture } from "../scenario/picture.ts";
import type { Context, Outcome } from "./context.ts";

/** A scenario's picture, its commands and its claims; nothing is run. */
export const show = async (
  name: string,
  { isMermaid }: { readonly isMermaid: boolean },
  { cwd, paint }: Context,
): Promise<Outcome> => {
  const scenario = await readScenario(name, cwd);
  const shown = shownOf(scenario);
  const text = isMermaid
    ? shown.mermaid
    : [
        paint(`${scenario.name}: ${scenario.title}`, "host"),
        "",
        scenario.about.trimEnd(),
        "",
        shown.picture,
        "",
        ...shown.files.flatMap(({ file, text: lines }) => [`${file}:`, ...lines.split("\n").map((l) => `  ${l}`), ""]),
        "What it does:",
        ...shown.steps.flatMap(({ command, does }) => [`  ${command}`, paint(`      ${does}`, "command")]),
        "",
        "What it shows:",
        ...shown.claims.map((claim) => `  ${claim}`),
        ...scenario.breaks.map((each) => `  --break ${each.name}: ${each.title}`),
      ].join("\n");
  const json = {
    ...{ name: scenario.name, title: scenario.title, about: scenario.about },
    ...{ picture: shown.picture, mermaid: shown.mermaid, files: shown.files },
    steps: shown.steps.map(({ command, does, undo }) => ({ command, does, undo: undo ?? null })),
    checks: shown.claims,
    breaks: scenario.breaks.map(({ name: word, title }) => ({ name: word, title })),
  };
  return { text, json, code: 0 };
};

type Shown = {
  readonly picture: string;
  readonly mermaid: string;
  /** Inventories that its commands are about. */
  readonly files: readonly { readonly file: string; readonly text: string }[];
  readonly steps: readonly Step[];
  readonly claims: readonly string[];
};

const shownOf = (scenario: AnyScenario): Shown =>
  isDeploy(scenario)
    ? shownDeploy(scenario)
    : {
        ...{ picture: picture(scenario), mermaid: mermaid(scenario), files: [] },
        steps: compile(scenario, anyGround).steps,
        claims: scenario.checks.map(({ claim }) => claim),
      };

const shownDeploy = (scenario: DeployScenario): Shown => {
  const { name, deploy, checks } = scenario;
  const steps = deploySteps(scenario);
  const [image = ""] = deploy.images;
  const stage = { hosts: new Map(deploy.hosts.map((host) => [host, undefined])), image };
  const refused = deploy.refused && {
    file: `${name}-refused.yml`,
    text: partText(scenario, deploy.refused.wanted, stage),
  };
  return {
    ...{ picture: deployPicture(scenario), mermaid: deployMermaid(scenario) },
    files: [...(refused ? [refused] : []), { file: `${name}.yml`, text: partText(scenario, deploy.wanted, stage) }],
    steps: [...(steps.refused ? [steps.refused] : []), steps.deploy],
    claims: [...(deploy.refused ? [deploy.refused.claim] : []), ...checks.map(({ claim }) => claim)],
  };
};
