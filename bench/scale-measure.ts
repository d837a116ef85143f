// What the scale bench measures at one size.
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { READ_SCRIPT } from "../src/observe/script.ts";
import { worked } from "./processor.ts";
import type { ScaleLab } from "./scale-lab.ts";
import { addressOf, inventoryOf } from "./scale-place.ts";
import { usageProgram, type Usage } from "./scale-usage.ts";
import type { Run } from "./scratch-lab.ts";

/** One run, in seconds; `machine`: processor time of the whole machine, on which the hosts are too. `usage` is xhost's. */
export type Measured = { readonly seconds: number; readonly machine: number; readonly usage?: Usage | undefined };

/** What is measured, in the order in which it is done. */
export const WORKS = ["ssh", "fresh", "read", "no-op", "add"] as const;
export type Work = (typeof WORKS)[number];

/** Routes and measured ways are counted on the hosts after the fresh deploy. */
export type Size = {
  readonly hosts: number;
  readonly routes: number;
  readonly ways: number;
  readonly pool: string;
  /** Of what it was measured with, and the day. */
  readonly versions: string;
  readonly works: Readonly<Record<Work, Measured>>;
};

type Bench = {
  readonly lab: ScaleLab;
  readonly folder: string;
  readonly run: Run;
  readonly say: (text: string) => void;
  readonly pool: string;
  readonly versions: string;
};

/** Words for Node, such as --cpu-prof --cpu-prof-dir=/tmp/profiles. */
const profile = (process.env["XHOST_SCALE_NODE"] ?? "").split(" ").filter((word) => word !== "");
const root = fileURLToPath(new URL("..", import.meta.url));
// 64 logins and more share two processors with the hosts' side of them.
const PATIENCE = ["--timeout", "120"];
const CONFIRM = ["--confirm-timeout", "120"];

/** Measures hosts 1 to `hosts`, with one more in the end, of a lab that is new. */
export const measureSize = async (hosts: number, { lab, folder, run, say, pool, versions }: Bench): Promise<Size> => {
  const some = Array.from({ length: hosts }, (_, i) => i + 1);
  const [inventory, more] = [`${folder}/${hosts}.yml`, `${folder}/${hosts}-and-one.yml`];
  await writeFile(inventory, inventoryOf(folder, hosts, pool));
  await writeFile(more, inventoryOf(folder, hosts + 1, pool));
  await writeFile(`${folder}/targets`, some.map((i) => `root@${addressOf(i)}\n`).join(""));
  await writeFile(`${folder}/read.sh`, READ_SCRIPT);
  await writeFile(`${folder}/usage.mjs`, usageProgram);
  const measured = async (work: Work, doIt: () => Promise<unknown>): Promise<Measured> => {
    const [start, before] = [performance.now(), worked()];
    await doIt();
    const found = { seconds: (performance.now() - start) / 1000, machine: worked() - before };
    say(`${hosts} hosts: ${work} ${found.seconds.toFixed(1)} s`);
    return found;
  };
  const ssh = (work: Work, words: string): Promise<Measured> => {
    const options = ["BatchMode=yes", `IdentityFile=${folder}/key`, `UserKnownHostsFile=${folder}/known_hosts`];
    const client = ["ssh", "-F", "none", ...options.flatMap((option) => ["-o", option])].join(" ");
    const script = `xargs -P 64 -I@ sh -c '${client} @ ${words} >/dev/null' <${folder}/targets`;
    return measured(work, () => run([...lab.atSwitch, "sh", "-c", script]));
  };
  const xhost = async (work: Work, ...args: readonly string[]): Promise<Measured> => {
    const file = `${folder}/usage.json`;
    const node = [process.execPath, ...profile, "--import", `${folder}/usage.mjs`, `${root}dist/cli.js`];
    const found = await measured(work, () => run([...lab.atSwitch, ...node, ...args], { env: { XHOST_USAGE: file } }));
    const usage = JSON.parse(await readFile(file, "utf8")) as Usage;
    say(`  xhost: ${(usage.user + usage.system).toFixed(1)} s of processor, ${usage.memory.toFixed(0)} MiB`);
    return { ...found, usage };
  };
  const yardstick = await ssh("ssh", "true");
  await lab.meet(some, some);
  const fresh = await xhost("fresh", "deploy", "--yes", ...PATIENCE, ...CONFIRM, inventory);
  await lab.part(hosts);
  const routes = await lab.sum(hosts, "ip route show proto 88 | wc -l");
  const ways = await lab.sum(hosts, "cat /etc/xhost/scale/paths 2>/dev/null | wc -l");
  const wanted = hosts * (hosts - 1);
  if (routes !== wanted || ways !== wanted)
    throw new Error(
      `${hosts} hosts have ${routes} routes and ${ways} measured ways after a fresh deploy, not ${wanted} of each`,
    );
  const read = await ssh("read", `sh -s <${folder}/read.sh`);
  const noop = await xhost("no-op", "deploy", "--yes", ...PATIENCE, ...CONFIRM, inventory);
  await lab.meet([hosts + 1], some);
  await lab.meet(some, [hosts + 1]);
  const add = await xhost("add", "deploy", "--yes", ...PATIENCE, ...CONFIRM, more);
  return { hosts, routes, ways, pool, versions, works: { ssh: yardstick, fresh, read, "no-op": noop, add } };
};
