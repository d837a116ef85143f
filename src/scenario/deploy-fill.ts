import type { Deploy, DeployBreak, DeployCheck, DeployScenario, Wanted } from "./deploy-scenario.ts";
import type { WrittenDeploy } from "./deploy-schema.ts";

/** The scenario with its defaults, from what the schema has taken; pure. */
export const fillDeploy = (
  { name, title, about, deploy, checks, breaks }: WrittenDeploy,
  file: string,
): DeployScenario => ({
  ...{ file, name, title, about },
  deploy: deployOf(deploy),
  checks: checks.map(checkOf),
  breaks: Object.entries(breaks ?? {}).map(([word, { title: what, exec, fails, cause }]): DeployBreak => ({
    ...{ name: word, title: what, fails, cause },
    exec: exec.map(({ in: host, run, undo, why }) => ({ in: host, run, undo, why })),
  })),
});

const deployOf = ({ hosts, images, refused, networks, containers }: WrittenDeploy["deploy"]): Deploy => ({
  ...{ hosts, images },
  wanted: wantedOf(networks, containers),
  refused: refused && {
    claim: refused.claim,
    matches: refused.matches,
    wanted: wantedOf(refused.networks, refused.containers ?? containers),
  },
});

const wantedOf = (networks: Wanted["networks"], containers: Wanted["containers"]): Wanted => ({ networks, containers });

const checkOf = ({ claim, ping, run, in: host, matches, lacks }: WrittenDeploy["checks"][number]): DeployCheck => {
  if (ping !== undefined) return { claim, kind: "ping", ...ping };
  if (run !== undefined && host !== undefined) return { claim, kind: "run", in: host, run, matches, lacks };
  return { claim, kind: "plan" };
};
