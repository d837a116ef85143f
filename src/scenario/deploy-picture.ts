import type { DeployScenario } from "./deploy-scenario.ts";

type Network = {
  readonly subnets?: Readonly<Record<string, string>>;
  readonly existing?: Readonly<Record<string, string>>;
};

/** Addresses of a network on a host, as the file says: a block, a Docker network that is there, or one out of the pool. */
const blockOf = ({ deploy }: DeployScenario, network: string, host: string): string => {
  const { subnets = {}, existing = {} } = (deploy.wanted.networks[network] ?? {}) as Network;
  return subnets[host] ?? (existing[host] === undefined ? "" : `Docker's network ${existing[host]}`);
};

/** Each container with its host, and what the hosts share: `[c1] net_18 172.19.0.0/16 ---------- [h1]`. Pure. */
export const deployPicture = (scenario: DeployScenario): string => {
  const { containers, networks } = scenario.deploy.wanted;
  const rows = Object.entries(containers).map(([name, { host, network }]) => ({
    start: [`[${name}]`, network, blockOf(scenario, network, host)].filter((word) => word !== "").join(" "),
    host,
  }));
  const width = Math.max(0, ...rows.map(({ start }) => start.length));
  return [
    ...rows.map(({ start, host }) => `${start.padEnd(width)} ---------- [${host}]`),
    `[${scenario.deploy.hosts.join("] and [")}] are Docker hosts that reach each other, and route ${Object.keys(networks).join(", ")}`,
  ].join("\n");
};

/** The same as a Mermaid flowchart (mermaid.js.org). Pure. */
export const deployMermaid = (scenario: DeployScenario): string => {
  const { hosts, wanted } = scenario.deploy;
  const id = (name: string): string => `n_${name.replace(/\W/g, "_")}`;
  const text = (lines: readonly string[]): string =>
    `"${lines
      .filter((line) => line !== "")
      .join("<br/>")
      .replaceAll('"', "#quot;")}"`;
  return [
    "flowchart LR",
    ...hosts.map((host) => `  ${id(host)}{{${text([host, "Docker host"])}}}`),
    ...Object.entries(wanted.containers).flatMap(([name, { host, network }]) => [
      `  ${id(name)}[${text([name, "container"])}]`,
      `  ${id(name)} ---|${text([network, blockOf(scenario, network, host)])}| ${id(host)}`,
    ]),
    ...hosts.slice(1).map((host, i) => `  ${id(hosts[i] ?? "")} ===|"underlay"| ${id(host)}`),
  ].join("\n");
};
