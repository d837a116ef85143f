// How long `xhost deploy` takes beside bench/deploy.sh, a shell script that does the same by hand: npm run bench [-- ROUNDS]
// Both run from start to exit on the same two lab hosts, in turn; what they made is removed in between, outside the timing.
import { fileURLToPath } from "node:url";
import { readFile } from "node:fs/promises";
import { parse } from "yaml";
import { withScratchLab, type Run, type ScratchLab } from "./scratch-lab.ts";

const TARGET = 1.3;
const root = fileURLToPath(new URL("..", import.meta.url));
const rounds = Math.max(1, Number(process.argv[2]) || 7);

type Lab = { readonly inventory: string; readonly folder: string; readonly hosts: readonly { version: string }[] };
type Rival = { readonly name: string; readonly up: () => Promise<unknown>; readonly down: () => Promise<unknown> };

const bench = async ({ name, run }: ScratchLab): Promise<void> => {
  console.log("building what is published, and two lab hosts");
  await run(["npm", "--prefix", root, "run", "-s", "build"]);
  const cli = [process.execPath, `${root}dist/cli.js`];
  const lab = JSON.parse(await run([...cli, "lab", "up", name, "--hosts", "2", "--install", "--json"])) as Lab;
  const rivals: readonly Rival[] = [
    {
      name: "xhost deploy",
      up: () => run([...cli, "deploy", "--yes", lab.inventory]),
      down: () => run([...cli, "destroy", "--yes", lab.inventory]),
    },
    await byHand(lab, run),
  ];
  const times = new Map<string, number[]>(rivals.map((rival) => [rival.name, []]));
  // The first round only warms up: caches of the disk, of Docker and of Node.
  for (let round = 0; round <= rounds; round++)
    for (const rival of round % 2 === 0 ? rivals : rivals.toReversed()) {
      const seconds = await timed(rival.up);
      await rival.down();
      if (round > 0) times.get(rival.name)?.push(seconds);
    }
  report(times, lab.hosts[0]?.version ?? "");
};

const byHand = async (lab: Lab, run: Run): Promise<Rival> => {
  const inventory = parse(await readFile(lab.inventory, "utf8")) as {
    defaults: { ssh: { identityFile: string; userKnownHostsFile: string; proxyCommand: string } };
  };
  const { identityFile, userKnownHostsFile, proxyCommand } = inventory.defaults.ssh;
  const env = {
    KEY: identityFile,
    KNOWN_HOSTS: userKnownHostsFile,
    PROXY: proxyCommand,
    IMAGE: "xhost-lab:1",
    RAW: Number.parseInt(lab.hosts[0]?.version ?? "", 10) >= 28 ? "yes" : "no",
  };
  const script = (what: string) => run([`${root}bench/deploy.sh`, what], { env });
  return { name: "deploy.sh", up: () => script("up"), down: () => script("down") };
};

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
};

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.slice(Math.ceil(sorted.length / 2) - 1, Math.floor(sorted.length / 2) + 1);
  return middle.reduce((sum, value) => sum + value, 0) / middle.length;
};

const report = (times: ReadonlyMap<string, readonly number[]>, version: string): void => {
  console.log(`two hosts, one network and one container each, Docker ${version}, ${rounds} runs each, seconds:\n`);
  console.log(`${"".padEnd(14)}median  fastest  slowest`);
  for (const [name, values] of times) {
    const [middle, least, most] = [median(values), Math.min(...values), Math.max(...values)].map((n) => n.toFixed(2));
    console.log(`${name.padEnd(14)}${middle!.padStart(6)}${least!.padStart(9)}${most!.padStart(9)}`);
  }
  const [xhost = 0, hand = 1] = [...times.values()].map(median);
  console.log(`\nratio of the medians ${(xhost / hand).toFixed(2)} (wanted: at most ${TARGET})`);
};

process.exitCode = await withScratchLab("bench", bench);
