import type { Fabric } from "../../model/fabric.ts";
import type { Facts } from "../../model/facts.ts";
import type { Depth } from "../../model/depth.ts";
import { printable } from "../../model/printable.ts";
import type { World } from "../../walk/world.ts";
import { WHY, type DiagnosisId } from "../ids.ts";
import type { Cause, CheckEnd, Remedy } from "../diagnosis.ts";

/** A host that answered, and what was seen of it. */
export type Seen = { readonly host: string; readonly facts: Facts; readonly depth: Depth };

/** All that the checks look at; nothing is asked any more. */
export type Scene = {
  readonly fabric: Fabric;
  /** Hosts that answered, also those outside `--limit`: what is wrong there may be felt here. In the order of the file. */
  readonly seen: readonly Seen[];
  /** The command that brings everything to what the inventory says. */
  readonly deploy: string;
};

/** The hosts as a walk needs them. */
export const worldOf = ({ seen }: Scene): World =>
  new Map(seen.map(({ host, facts, depth }) => [host, { facts, depth }]));

/** A cause without what its id says. */
export type Told = Omit<Cause, "id" | "why" | "severity" | "deployFixes"> &
  Partial<Pick<Cause, "severity" | "deployFixes">>;

/** A diagnosis with the reason that its id has; a fault that `deploy` does not mend, unless told otherwise. */
export const cause = (id: DiagnosisId, told: Told): Cause => ({
  severity: "fault",
  deployFixes: false,
  ...told,
  seen: clean(told.seen),
  id,
  why: WHY[id],
});

export const onHost = (host: string, command: string): Remedy => ({ on: host, command: clean(command) });
/** A command for where the inventory is. */
export const here = (command: string): Remedy => ({ on: undefined, command: clean(command) });

const clean = (text: string): string => text.split("\n").map(printable).join("\n");

type Hits = (from: CheckEnd, to: CheckEnd) => boolean;

/** Checks between two hosts, one of which is this one. */
export const crossing =
  (host: string): Hits =>
  (from, to) =>
    from.host !== to.host && (from.host === host || to.host === host);

/** Checks between this host and one of those. */
export const between =
  (host: string, others: ReadonlySet<string>): Hits =>
  (from, to) =>
    (from.host === host && others.has(to.host)) || (to.host === host && others.has(from.host));

/** Checks with an end in one of these containers. */
export const ofContainers =
  (refs: ReadonlySet<string>): Hits =>
  (from, to) =>
    refs.has(from.ref) || refs.has(to.ref);

/** Hosts behind these subnets. */
export const hostsBehind = (fabric: Fabric, subnets: readonly string[]): ReadonlySet<string> =>
  new Set(
    [...fabric.subnets.values()].flatMap((byHost) =>
      [...byHost].flatMap(([host, own]) => (own.some((subnet) => subnets.includes(subnet)) ? [host] : [])),
    ),
  );

/** A list for one sentence: the first three, and how many more. */
export const listed = (items: readonly string[]): string =>
  items.length <= 3 ? items.join("; ") : `${items.slice(0, 3).join("; ")}; and ${items.length - 3} more`;
