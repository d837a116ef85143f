import type { Lock } from "../apply/lock.ts";
import { phase } from "../apply/phase.ts";
import { combined, XhostError } from "../errors.ts";
import type { Inventory, InventoryHost } from "../inventory/inventory.ts";
import type { Sight } from "../model/sight.ts";
import type { Depth } from "../model/depth.ts";
import type { Facts } from "../model/facts.ts";
import { observeDeep } from "../observe/depth.ts";
import { observe } from "../observe/observe.ts";
import { connector, type Connector } from "../ssh/connect.ts";
import type { Host } from "../ssh/host.ts";
import type { Context, Target } from "./context.ts";
import { keepHeapSmall } from "./heap.ts";
import { isBusy, lockTurns, type LockTurns } from "./lock-turns.ts";
import { readInventory } from "./read-inventory.ts";

/** What was seen of the inventory's hosts, with the connections that are open. */
export type Look = {
  readonly inventory: Inventory;
  readonly sights: ReadonlyMap<string, Sight>;
  /** Hosts that answered. */
  readonly hosts: ReadonlyMap<string, Host>;
  /** Hosts that did not, and why. */
  readonly failed: ReadonlyMap<string, XhostError>;
  /** Names a command may change or report: those of `--limit`, else all. */
  readonly chosen: ReadonlySet<string>;
  /** What a deep look gave, by host; empty after any other. */
  readonly depths: ReadonlyMap<string, Depth>;
};

/**
 * Connects to every host of the inventory, also to those outside `--limit`, whose addresses and blocks the others' routes
 * depend on, looks at each once, and hands over to `use`; connections and locks end with it. Hosts that are going to be
 * changed (`exclusive`) are locked before they are looked at. `deep`: all that decides about packets is read too, in the same exec.
 */
export const look = async <T>(
  context: Context,
  { inventory: file, limit }: Target,
  exclusive: boolean,
  use: (look: Look) => Promise<T>,
  { deep = false }: { readonly deep?: boolean } = {},
): Promise<T> => {
  const inventory = await readInventory(file, context);
  keepHeapSmall();
  const chosen = new Set(limit ?? inventory.hosts.map((h) => h.name));
  const unknown = [...chosen].filter((name) => inventory.hosts.every((h) => h.name !== name));
  if (unknown.length > 0)
    throw new XhostError(
      "INVENTORY",
      `--limit: no host named ${unknown.join(", ")} in ${file} (known: ${inventory.hosts.map((h) => h.name).join(", ")})`,
    );
  const ssh = connector({ timeout: context.timeout, note: context.note });
  const locks: Lock[] = [];
  const turns = lockTurns(
    inventory.hosts.filter((host) => exclusive && chosen.has(host.name)),
    { project: inventory.name, onSettled: (settled, host) => tellSettled(settled, host, context.note) },
  );
  try {
    const { done, failed } = await untilInterrupt(ssh, context, () =>
      phase(
        "Look at the hosts",
        inventory.hosts,
        (host, say) =>
          lookAt(host, {
            ...{ ssh, say, timeout: context.timeout, deep, note: context.note, locks, turns },
            ...{ project: inventory.name, isLocked: exclusive && chosen.has(host.name) },
          }).finally(() => turns.pass(host)),
        context.progress,
      ),
    );
    refuseBusy(failed);
    const sights = new Map(
      inventory.hosts.map((host): [string, Sight] => {
        const seen = done.get(host.name);
        return [host.name, { host, hostname: seen?.open.hostname ?? host.ssh.host, facts: seen?.facts }];
      }),
    );
    const hosts = new Map([...done].map(([name, { open }]) => [name, open]));
    const depths = new Map(
      [...done].flatMap(([name, { depth }]) => (depth === undefined ? [] : [[name, depth] as const])),
    );
    return await use({ inventory, sights, hosts, failed, chosen, depths });
  } finally {
    for (const { stop } of locks) stop();
    await ssh.close();
  }
};

type Looking = {
  readonly ssh: Connector;
  readonly say: (text: string) => void;
  readonly project: string;
  /** Whether it is locked for the project before it is looked at. */
  readonly isLocked: boolean;
  readonly note: (text: string) => void;
  /** Those that were taken. */
  readonly locks: Lock[];
  readonly turns: LockTurns;
  readonly timeout: number;
  readonly deep: boolean;
};

/** A project that another run is at work on, on however few of the hosts, is left to it: the two would mix what they want. */
const refuseBusy = (failed: ReadonlyMap<string, XhostError>): void => {
  const busy = new Set([...failed.values()].filter(isBusy));
  if (busy.size > 0) throw combined([...busy]);
};

const lookAt = async (
  host: InventoryHost,
  { ssh, say, timeout, project, isLocked, note, locks, turns, deep }: Looking,
): Promise<{ open: Host; facts: Facts; depth: Depth | undefined }> => {
  say("connecting");
  const open = await ssh.open(host);
  if (isLocked) {
    say("locking");
    locks.push(await turns.lock(host, open));
  }
  say("looking");
  const { facts, depth } = deep
    ? await observeDeep(open, timeout)
    : { ...(await observe(open, timeout)), depth: undefined };
  tellSettled(facts.unconfirmed.get(project) ?? "", host.name, note);
  if (facts.missing.length > 0)
    throw new XhostError("REMOTE", `programs are missing: ${facts.missing.join(", ")}`, { host: host.name });
  return { open, facts, depth };
};

/** What became of a change that was not confirmed, as `settleScript` says it or as it was seen. */
const tellSettled = (settled: string, host: string, note: (text: string) => void): void => {
  const change = "a change of links, routes and firewall";
  if (settled === "confirmed") note(`${host}: an earlier run ended before its change was confirmed; it is kept`);
  if (settled === "armed")
    note(`${host}: ${change} is not confirmed yet: another run is at it, or has ended before that`);
  if (settled === "undoing") note(`${host}: ${change} was not confirmed, and the host is taking it back`);
  if (settled.startsWith("undone "))
    note(`${host}: ${change} was not confirmed, and the host took it back at ${settled.slice("undone ".length)}`);
};

/** Looking changes nothing: an interrupt cuts the connections at once instead of waiting for hosts that do not answer. */
const untilInterrupt = async <T>(
  ssh: Connector,
  { progress: { signal } }: Context,
  work: () => Promise<T>,
): Promise<T> => {
  const cut = (): void => void ssh.close();
  signal.addEventListener("abort", cut, { once: true });
  try {
    return await work();
  } finally {
    signal.removeEventListener("abort", cut);
  }
};
