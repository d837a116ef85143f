// The lab that the rivals work on: one host more than take part from the beginning, and everything that describes its hosts.
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parse, stringify } from "yaml";
import { labImage } from "../src/lab/names.ts";
import type { Run, ScratchLab } from "./scratch-lab.ts";

export const root = fileURLToPath(new URL("..", import.meta.url));

/** What is published, as `npm run build` makes it. */
export const published: readonly string[] = [process.execPath, `${root}dist/cli.js`];

/** The container's process ends when it is told to: what is stopped does not wait ten seconds for Docker to kill it. */
export const COMMAND = "trap exit TERM; sleep 2147483647 & wait";

/** One host as it is wanted: what hand.sh has a line for. */
export type Place = Readonly<Record<"host" | "address" | "container" | "subnet" | "gateway" | "end", string>>;

/** As it begins, with the environment of the first container changed, and with the last host as well. */
type Stages = { readonly first: string; readonly changed: string; readonly grown: string };

export type Fleet = {
  /** Hosts that are there from the beginning. */
  readonly size: number;
  /** The version of Docker. */
  readonly version: string;
  readonly folder: string;
  readonly run: Run;
  readonly bridge: string;
  readonly ssh: Ssh;
  /** Inventories of xhost. */
  readonly inventories: Stages;
  /** In the order of the hosts; the last one joins later. */
  readonly places: readonly Place[];
};

type Ssh = Readonly<Record<"identityFile" | "userKnownHostsFile" | "proxyCommand", string>>;
type Lab = {
  readonly inventory: string;
  readonly hosts: readonly { readonly name: string; readonly version: string }[];
};
type Written = {
  readonly defaults: { readonly ssh: Ssh };
  readonly hosts: Readonly<Record<string, { readonly ssh: { readonly host: string } }>>;
};

export const fleetOf = async ({ name, folder, run }: ScratchLab, size: number): Promise<Fleet> => {
  const up = ["lab", "up", name, "--hosts", String(size + 1), "--install", "--json"];
  const lab = JSON.parse(await run([...published, ...up])) as Lab;
  const written = parse(await readFile(lab.inventory, "utf8")) as Written;
  const inventories = {
    first: await inventory(`${folder}/first.yml`, written, { size }),
    changed: await inventory(`${folder}/changed.yml`, written, { size, environment: { ROUND: 2 } }),
    grown: await inventory(`${folder}/grown.yml`, written, { size: size + 1, environment: { ROUND: 2 } }),
  };
  const plan = await run([...published, "plan", "--json", inventories.grown]);
  const { ssh } = written.defaults;
  const version = lab.hosts[0]?.version ?? "";
  return { size, version, folder, run, ssh, inventories, ...placesOf(JSON.parse(plan) as Plan, written) };
};

type Wanted = { readonly size: number; readonly environment?: Readonly<Record<string, number>> };

const inventory = async (file: string, written: Written, { size, environment }: Wanted): Promise<string> => {
  const hosts = Object.entries(written.hosts).slice(0, size);
  const container = { network: "app", image: labImage, command: ["sh", "-c", COMMAND] };
  const containers = hosts.map(([host], i): [string, object] => [
    containerOf(host),
    { host, ...container, ...(i === 0 && environment !== undefined && { environment }) },
  ]);
  await writeFile(
    file,
    stringify({ ...written, hosts: Object.fromEntries(hosts), containers: Object.fromEntries(containers) }),
  );
  return file;
};

const containerOf = (host: string): string => host.replace("h", "c");

type Body = {
  readonly Options: Readonly<Record<string, string>>;
  readonly IPAM: { readonly Config: readonly [{ readonly Subnet: string; readonly Gateway: string }] };
};
type Call = { readonly call: string; readonly body?: Body };
type Plan = { readonly hosts: Readonly<Record<string, readonly { readonly calls?: readonly Call[] }[]>> };

/** The blocks that xhost chooses are everybody's. */
const placesOf = (plan: Plan, { hosts }: Written): Pick<Fleet, "bridge" | "places"> => {
  const bodies = Object.entries(hosts).map(([host, { ssh }]) => {
    const calls = plan.hosts[host]?.flatMap((step) => step.calls ?? []);
    const body = calls?.find(({ call }) => call === "createNetwork")?.body;
    if (body === undefined) throw new Error(`the plan makes no network on ${host}`);
    return { host, address: ssh.host, body };
  });
  const places = bodies.map(({ host, address, body }) => {
    const { Subnet: subnet, Gateway: gateway } = body.IPAM.Config[0];
    return { host, address, container: containerOf(host), subnet, gateway, end: gateway.replace(/\.1$/, ".2") };
  });
  return { places, bridge: bodies[0]?.body.Options["com.docker.network.bridge.name"] ?? "" };
};
