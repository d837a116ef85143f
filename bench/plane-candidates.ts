// The ways between two containers that are measured, side by side in one lab: by hand, every plane, Docker Swarm's overlay.
import { readFile, writeFile } from "node:fs/promises";
import { parse, stringify } from "yaml";
import { labImage } from "../src/lab/names.ts";
import { planes } from "../src/model/planes/index.ts";
import { pathByHand } from "./plane-by-hand.ts";
import { fromSource, type Run } from "./scratch-lab.ts";

/** The two ends of a path: network namespaces as nsenter(1) on h1 and on h2 finds them, and the address at h2. */
export type Path = { readonly from: string; readonly to: string; readonly address: string };
export type Candidate = Path & { readonly name: string };

/** A lab that is up, and how to run a script on one of its hosts, or on the switch (`fabric`). */
export type BenchLab = {
  readonly name: string;
  readonly inventory: string;
  readonly hosts: readonly { readonly name: string; readonly address: string; readonly version: string }[];
  readonly run: Run;
  readonly on: (host: string, script: string) => Promise<string>;
};

export const BARE = "bare hosts";
export const BY_HAND = "by hand";
export const SWARM = "Swarm overlay";

/** Lays all of them out; `leftOut` is told of a plane that these hosts cannot have, and why. */
export const layOut = async (lab: BenchLab, leftOut: (why: string) => void): Promise<readonly Candidate[]> => {
  const host = { from: "/proc/1/ns/net", to: "/proc/1/ns/net" };
  const bare = { name: BARE, ...host, address: lab.hosts[1]?.address ?? "" };
  const byHand = { name: BY_HAND, ...(await pathByHand(lab)) };
  const swarm = { name: SWARM, ...(await swarmOverlay(lab)) };
  const ours: Candidate[] = [];
  // the leanest plane last: a project's jump goes to the head of its chain, so no other project's stands before it
  for (const plane of Object.keys(planes).toReversed()) {
    const why = await deploy(lab, plane);
    if (why === undefined) ours.unshift({ name: plane, ...(await containers(lab, plane)) });
    else leftOut(why);
  }
  return [bare, byHand, ...ours, swarm];
};

/** A project of its own for each plane; returns why the plan is refused where these hosts cannot have the plane. */
const deploy = async ({ inventory, hosts, run }: BenchLab, plane: string): Promise<string | undefined> => {
  const lab = parse(await readFile(inventory, "utf8")) as Readonly<Record<string, unknown>>;
  const pool = `172.${24 + Object.keys(planes).indexOf(plane)}.0.0/16`;
  const container = (host: string) => ({ host, network: plane, image: labImage, command: ["sleep", "infinity"] });
  const own = {
    name: `bench-${plane}`,
    networks: { [plane]: { pool, plane } },
    containers: Object.fromEntries(hosts.map(({ name }) => [`${plane}-${name}`, container(name)])),
  };
  const file = inventory.replace(/[^/]*$/, `${plane}.yml`);
  await writeFile(file, stringify({ ...lab, ...own }));
  try {
    await run([...fromSource, "plan", file]);
  } catch (error) {
    const refusal = String(error)
      .split("\n")
      .find((line) => line.includes(`plane ${plane} does not cross`));
    if (refusal === undefined) throw error;
    return refusal;
  }
  await run([...fromSource, "deploy", "--yes", file]);
  return undefined;
};

const swarmOverlay = async (lab: BenchLab): Promise<Path> => {
  const [h1, h2] = lab.hosts.map(({ address }) => address);
  // Swarm's own default, 10.0.0.0/8, has the hosts' addresses in it
  await lab.on("h1", `docker swarm init --advertise-addr ${h1} --default-addr-pool 172.29.0.0/16`);
  const token = (await lab.on("h1", "docker swarm join-token -q worker")).trim();
  await lab.on("h2", `docker swarm join --token ${token} ${h1}:2377 --advertise-addr ${h2}`);
  await lab.on("h1", "docker network create --driver overlay --attachable swarm");
  for (const { name } of lab.hosts)
    await lab.on(name, `docker run -d --name swarm-${name} --network swarm ${labImage} sleep infinity`);
  return await containers(lab, "swarm");
};

/** From the container NETWORK-h1 on h1 to NETWORK-h2 on h2. */
const containers = async ({ on }: BenchLab, network: string): Promise<Path> => {
  const inspect = async (host: string, what: string) =>
    (await on(host, `docker inspect -f '{{${what}}}' ${network}-${host}`)).trim();
  const namespace = async (host: string) => `/proc/${await inspect(host, ".State.Pid")}/ns/net`;
  const address = await inspect("h2", `(index .NetworkSettings.Networks "${network}").IPAddress`);
  return { from: await namespace("h1"), to: await namespace("h2"), address };
};
