// What the time of a deploy goes into, seen from inside: npm run bench:costs -- --help
import { readFile } from "node:fs/promises";
import { COUNT_HOOK, kindOf, type Counts } from "../test/e2e/counts.ts";
import { fleetOf, published, type Fleet } from "./fleet.ts";
import { program, whole } from "./program.ts";
import { median } from "./ratios.ts";
import { withScratchLab } from "./scratch-lab.ts";
import { markdownTable, type Section } from "./section.ts";

const { hosts, json } = program("bench:costs", "What the time of a deploy on lab hosts goes into; as root. A minute.")
  .option("--hosts <n>", "lab hosts", whole(2, 100), 2)
  .option("--json", "as bench:full reads it", false)
  .parse()
  .opts<{ readonly hosts: number; readonly json: boolean }>();

const seen = async ({ run, folder }: Fleet, ...args: readonly string[]): Promise<Counts> => {
  const [node = "", ...cli] = published;
  const file = `${folder}/counts.json`;
  await run([node, "--import", COUNT_HOOK, ...cli, ...args], { env: { XHOST_COUNTS: file } });
  return JSON.parse(await readFile(file, "utf8")) as Counts;
};

type Piece = { readonly what: string; readonly begin: number; readonly end: number };

const piecesOf = ({ connections, docker, loaded, end }: Counts): readonly Piece[] => {
  const piece = (what: string, one: { readonly begin: number; readonly end?: number }): Piece[] =>
    one.end === undefined ? [] : [{ what, begin: one.begin, end: one.end }];
  const commands = connections.flatMap((connection) => connection.commands);
  const calls = docker.map((call) => ({ ...call, call: call.call.replace(/containers\/[^/]+\//, "containers/NAME/") }));
  const pieces = [
    ...piece("Node, xhost and its libraries, the inventory, `ssh -G`", { begin: 0, end: loaded }),
    ...connections.flatMap((connection) => piece("SSH: key exchange and login", connection)),
    ...commands.flatMap((command) => piece(`SSH command: ${kindOf(command)}`, command)),
    ...calls.flatMap((call) => piece(`Docker: ${call.call}`, call)),
  ];
  return [...pieces, { what: "all of it", begin: 0, end }];
};

const table = (counts: Counts): string => {
  const rows = [...Map.groupBy(piecesOf(counts), ({ what }) => what)].map(([what, all]) => [
    ...[what, String(all.length), seconds(median(all.map(({ begin, end }) => end - begin)))],
    ...[seconds(Math.min(...all.map(({ begin }) => begin))), seconds(Math.max(...all.map(({ end }) => end)))],
  ]);
  return markdownTable(["what", "times", "each, s", "first begins", "last ends"], rows);
};

const seconds = (milliseconds: number): string => (milliseconds / 1000).toFixed(2);

process.exitCode = await withScratchLab("costs", async (lab) => {
  const fleet = await fleetOf(lab, hosts);
  const { first } = fleet.inventories;
  // For the caches.
  await seen(fleet, "deploy", "--yes", first);
  await seen(fleet, "destroy", "--yes", first);
  const fresh = await seen(fleet, "deploy", "--yes", first);
  const idle = await seen(fleet, "deploy", "--yes", first);
  const section: Section = {
    title: `What the time of a deploy goes into, ${hosts} hosts`,
    markdown: ["Fresh:", table(fresh), "Without changes; the lock is held until the end:", table(idle)].join("\n\n"),
    plots: {},
  };
  console.log(json ? JSON.stringify(section) : `## ${section.title}\n\n${section.markdown}`);
});
