import { Document, isMap, isSeq, visit } from "yaml";
import { projectOf, type DeployScenario, type Wanted } from "./deploy-scenario.ts";

/** The hosts that a scenario is deployed on. */
export type Stage = {
  /** `defaults` of the inventory that has the hosts, as written. */
  readonly defaults: unknown;
  /** The chosen hosts by name, as written there; the first plays the first of the scenario's. */
  readonly hosts: ReadonlyMap<string, unknown>;
  /** Of containers that name none. */
  readonly image: string;
};

/** An inventory as a person would write it for these hosts: what the scenario wants, and its pings as checks, in their order. Pure. */
export const inventoryText = (scenario: DeployScenario, wanted: Wanted, stage: Stage): string => {
  const { defaults, hosts } = stage;
  return yamlOf({
    name: projectOf(scenario),
    ...(defaults === undefined ? {} : { defaults }),
    hosts: Object.fromEntries(hosts),
    ...partOf(scenario, wanted, stage),
  });
};

/** The same without what only leads to the hosts: the part that teaches. */
export const partText = (scenario: DeployScenario, wanted: Wanted, stage: Pick<Stage, "hosts" | "image">): string =>
  yamlOf(partOf(scenario, wanted, stage)).trimEnd();

/** As people write an inventory: a line for each host, network, container and check. */
const yamlOf = (value: object): string => {
  const doc = new Document(value);
  visit(doc, {
    Collection: (_key, node, path) => {
      // The document, the map of all, and what is on its own line below a key of that are above.
      if (path.length >= 5 || isSeq(path.at(-1))) node.flow = isMap(node) || isSeq(node);
    },
  });
  return doc.toString({ lineWidth: 0 });
};

const partOf = (
  { deploy, checks }: DeployScenario,
  { networks, containers }: Wanted,
  { hosts, image }: Pick<Stage, "hosts" | "image">,
): object => {
  const names = [...hosts.keys()];
  const roles = new Map(deploy.hosts.map((role, i) => [role, names[i] ?? role]));
  const refs = new Set(Object.keys(containers));
  const pings = checks.flatMap((check) => (check.kind === "ping" ? [{ from: check.from, to: check.to }] : []));
  return {
    networks: cast(networks, roles),
    containers: Object.fromEntries(
      Object.entries(containers).map(([name, keys]) => {
        const { host, network, ...rest } = keys;
        return [name, { host: roles.get(host) ?? host, network, image, ...rest }];
      }),
    ),
    checks: pings.filter(({ from, to }) => refs.has(from) && refs.has(to)),
  };
};

/** Names of the scenario's hosts replaced by those that play them, where a network has hosts. */
const cast = (networks: Wanted["networks"], roles: ReadonlyMap<string, string>): object => {
  const named = (role: string): string => roles.get(role) ?? role;
  const byHost = (value: unknown): unknown =>
    Array.isArray(value)
      ? value.map((role) => named(String(role)))
      : Object.fromEntries(Object.entries(value as object).map(([role, each]) => [named(role), each]));
  const KEYS = ["subnets", "existing", "hosts"];
  return Object.fromEntries(
    Object.entries(networks).map(([name, keys]) => [
      name,
      Object.fromEntries(Object.entries(keys).map(([key, value]) => [key, KEYS.includes(key) ? byHost(value) : value])),
    ]),
  );
};
