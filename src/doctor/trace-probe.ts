import { randomBytes } from "node:crypto";
import { XhostError } from "../errors.ts";
import { parseRules } from "../observe/depth.ts";
import { sections } from "../observe/script.ts";
import type { Host, Shell } from "../ssh/host.ts";
import { risen, type Rise, type Rules } from "./trace-counters.ts";
import { traceFilter } from "./trace-filter.ts";
import { parseSighting, type Sighting } from "./trace-lines.ts";
import { countScript, hearScript, hushScript, prelude, sendScript, type TraceSpace } from "./trace-script.ts";

/** What is to be sent, and where to listen. */
export type TraceOrder = {
  /** Hosts that the way goes by, with the network namespaces to listen in. */
  readonly hosts: readonly { readonly host: Host; readonly spaces: readonly TraceSpace[] }[];
  readonly from: { readonly host: string; readonly space: TraceSpace; readonly address: string };
  readonly destination: string;
  /** Of TCP; 0 for ICMP. */
  readonly port: number;
  /** Bytes of each probe, in the order of their numbers. */
  readonly sizes: readonly number[];
  /** Of WireGuard: bytes of the packets with a probe inside, and ports. */
  readonly lengths: readonly number[];
  readonly ports: readonly number[];
};

export type TraceResult = {
  readonly sightings: readonly Sighting[];
  readonly rises: readonly Rise[];
  /** Why a probe could not be sent, by its number. */
  readonly unsent: ReadonlyMap<number, string>;
  /** Namespaces in which nobody could listen, and why: nothing follows from what was not seen there. */
  readonly deaf: readonly { readonly host: string; readonly container: string | undefined; readonly why: string }[];
};

const WHAT = "trace packets";

/** A session on a host, and what it has said so far. */
type Ear = {
  readonly host: Host;
  readonly spaces: readonly TraceSpace[];
  readonly shell: Shell;
  readonly lines: string[];
};

/**
 * Sends probes from a container's network namespace while listeners hear on every device of the namespaces by the way, and reads the
 * counters of all rules right before and right after. One session on each host; nothing of it stays.
 */
export const probe = async (order: TraceOrder): Promise<TraceResult> => {
  const bytes = randomBytes(12);
  const run = { mark: (bytes.readUInt32BE(0) & 0xfffff000) >>> 0, run: bytes.toString("hex", 4) };
  const filter = traceFilter({ mark: run.mark, lengths: order.lengths, ports: order.ports }).flat().join(" ");
  const ears = await Promise.all(
    order.hosts.map(async ({ host, spaces }): Promise<Ear> => ({
      host,
      spaces,
      shell: await host.shell(WHAT),
      lines: [],
    })),
  );
  const before = await Promise.all(ears.map((ear) => count(ear, prelude)));
  await Promise.all(ears.map((ear) => hear(ear, hearScript(ear.spaces, { ...run, filter, lengths: order.lengths }))));
  const sender = ears.find(({ host }) => host.name === order.from.host);
  if (sender === undefined) throw new TypeError(`no session on ${order.from.host}`);
  sender.shell.send(sendScript(order.from.space, { ...run, source: order.from.address, ...order }));
  await until(sender, (line) => line === "E");
  const trouble = sender.lines.find((line) => line.startsWith("Q "));
  if (trouble !== undefined) throw failure(sender, trouble.slice(2));
  await until(sender, (line) => line === "T" || isAnswered(sender, order));
  await Promise.all(ears.map(hush));
  const after = await Promise.all(ears.map((ear) => count(ear, "")));
  await Promise.all(ears.map(({ shell }) => shell.close()));
  return {
    sightings: ears.flatMap(({ host, lines }) => lines.flatMap((line) => parseSighting(host.name, line) ?? [])),
    rises: ears.flatMap((ear, i) => risesOf(ear, before[i], after[i])),
    unsent: new Map(sender.lines.flatMap((line) => unsentOf(line))),
    deaf: ears.flatMap(({ host, lines }) => lines.flatMap((line) => deafOf(host.name, line))),
  };
};

const failure = ({ host }: Pick<Ear, "host">, why: string): XhostError =>
  new XhostError("REMOTE", `${WHAT}: ${why}`, { host: host.name });

/** Whether an answer to every probe has come in where they were sent from. */
const isAnswered = ({ host, lines }: Ear, { from, sizes }: TraceOrder): boolean => {
  const answers = lines
    .flatMap((line) => parseSighting(host.name, line) ?? [])
    .filter(
      ({ kind, way, container }) =>
        (kind === "answer" || kind === "refusal") && way === "in" && container === from.space.id,
    );
  return new Set(answers.map(({ id }) => id)).size >= sizes.length;
};

const unsentOf = (line: string): [number, string][] => {
  const [, id, why = ""] = /^F (\d+) (.*)$/.exec(line) ?? [];
  return id === undefined ? [] : [[Number(id), why]];
};

const deafOf = (host: string, line: string): TraceResult["deaf"] => {
  const [, space, why = ""] = /^N (\S+) (.*)$/.exec(line) ?? [];
  return space === undefined ? [] : [{ host, container: space === "own" ? undefined : space, why }];
};

/** Reads lines, and keeps them, until one is the last. */
const until = async ({ host, shell, lines }: Ear, isLast: (line: string) => boolean): Promise<void> => {
  for (let line = await shell.nextLine(); line !== undefined; line = await shell.nextLine()) {
    lines.push(line);
    if (isLast(line)) return;
  }
  const stderr = await shell.close();
  throw failure({ host }, `the session ended early\n${stderr}`.trimEnd());
};

const hear = async (ear: Ear, script: string): Promise<void> => {
  ear.shell.send(script);
  let waiting = ear.spaces.length;
  await until(ear, (line) => /^[RN] /.test(line) && --waiting === 0);
};

const hush = async (ear: Ear): Promise<void> => {
  ear.shell.send(hushScript);
  await until(ear, (line) => line === "Z");
};

/** The rules of all namespaces with their counters, by the namespace's id. */
const count = async (ear: Ear, first: string): Promise<ReadonlyMap<string, Rules>> => {
  ear.shell.send(`${first}${countScript(ear.spaces)}`);
  const start = ear.lines.length;
  await until(ear, (line) => line === "C end");
  const all = sections(
    ear.lines
      .splice(start)
      .filter((line) => line !== "C begin" && line !== "C end")
      .join("\n"),
  );
  return new Map(ear.spaces.map(({ id }) => [id, parseRules(all, id)]));
};

const risesOf = (
  { host, spaces }: Ear,
  before: ReadonlyMap<string, Rules> | undefined,
  after: ReadonlyMap<string, Rules> | undefined,
): readonly Rise[] =>
  spaces.flatMap(({ id }) => {
    const [old, now] = [before?.get(id), after?.get(id)];
    const place = { host: host.name, container: id === "own" ? undefined : id };
    return old === undefined || now === undefined ? [] : risen(place, old, now);
  });
