import { setImmediate } from "node:timers/promises";
import { combined, XhostError } from "../errors.ts";
import { clashes } from "../model/conflicts.ts";
import type { Fabric, Measured } from "../model/fabric.ts";
import type { Way } from "../model/evidence.ts";
import type { Facts } from "../model/facts.ts";
import { PROJECT_LABEL } from "../model/names.ts";
import { orphanBridges } from "../model/orphans.ts";
import { ownedState } from "../model/owned.ts";
import { keyOf, type HostState } from "../model/state.ts";
import { unavailableImages } from "../observe/images.ts";
import { planHost } from "../plan/plan.ts";
import type { HostPlan } from "../plan/step.ts";
import { wantedState } from "../plan/wanted.ts";
import type { Context } from "./context.ts";
import { clearGarbage } from "./heap.ts";
import type { Look } from "./look.ts";
import { measureWays, openWays, wholeOf } from "./measuring.ts";

/** What the user allows beyond the usual. */
export type PlanOptions = { readonly iKnow: boolean; readonly reprobe: boolean };

/** What is to be done, and the fabric that it follows from. */
export type Planned = { readonly plans: readonly HostPlan[]; readonly whole: Fabric };

/**
 * Measures what is not known of the ways between the hosts, and plans every chosen host that answered. All that can be known to fail is thrown here, before anything is changed: one CONFLICT
 * error with a line for each clash on any host, or one REMOTE error for images that are nowhere.
 */
export const planDeploy = async (
  look: Look,
  context: Context,
  options: PlanOptions,
): Promise<Planned & { readonly measured: Measured }> => {
  const { ways, known } = beforehand(look, options);
  const measured: Measured = known === undefined ? await measureWays(look, context, ways) : new Map();
  const whole = known ?? wholeOf(look, measured);
  const clashes = clashesOf(look, whole, { iKnow: options.iKnow });
  if (clashes.length > 0) throw combined(clashes);
  const plans: HostPlan[] = [];
  for (const plan of planning(look, whole, context)) {
    plans.push(plan);
    // With hundreds of hosts it takes a while: an interrupt is heard in between.
    await setImmediate();
    context.progress.signal.throwIfAborted();
  }
  refuseStrangers(look, plans);
  const missing = await unavailableImages(look.hosts, plans);
  if (missing.length > 0) throw combined(missing);
  return { plans, whole, measured };
};

/**
 * The ways that are to be measured, and where there are none the fabric as it is known; throws what is in the way whatever is measured. A function of its own: where
 * there are any, what was put together for them is gone before they are measured.
 */
const beforehand = (
  look: Look,
  options: PlanOptions,
): { readonly ways: readonly Way[]; readonly known: Fabric | undefined } => {
  const blind = wholeOf(look);
  const early = clashesOf(look, blind, { ...options, unmeasured: true });
  if (early.length > 0) throw combined(early);
  const ways = openWays(look, blind, options);
  return { ways, known: ways.length === 0 ? blind : undefined };
};

/** `unmeasured`, `reprobe`: as in `Allowed`. */
type Judging = { readonly iKnow: boolean; readonly unmeasured?: boolean; readonly reprobe?: boolean };

/** Why nothing may be changed on the chosen hosts that answered; all of it, what two hosts have to say only once. */
export const clashesOf = (
  look: Look,
  whole: Fabric,
  { iKnow, unmeasured = false, reprobe = false }: Judging,
): readonly XhostError[] => {
  const told = new Set<string>();
  return answered(look).flatMap(({ name, facts }) =>
    clashes(whole, name, facts, { openFirewall: iKnow, unmeasured, reprobe })
      .filter(({ pair, text }) => pair === undefined || (!told.has(text) && told.add(text)))
      .map(({ text }) => new XhostError("CONFLICT", text, { host: name })),
  );
};

/** What would change on the chosen hosts that answered; pure. */
export const plansOf = (look: Look, whole: Fabric, context: Pick<Context, "env">): readonly HostPlan[] => [
  ...planning(look, whole, context),
];

/** The same, host by host: of thousands with a route to each other they need not all be there at once. */
export function* planning(look: Look, whole: Fabric, context: Pick<Context, "env">): Generator<HostPlan, void> {
  const project = look.inventory.name;
  for (const { name, facts, desired } of wantedStates(look, whole, context)) {
    // Named volumes that are no longer wanted stay: they hold data.
    const wanted = new Set(desired.flatMap((r) => (r.kind === "volume" ? [keyOf(r)] : [])));
    const actual = ownedState(facts, project).filter((r) => r.kind !== "volume" || wanted.has(keyOf(r)));
    yield planHost(name, { desired, actual, project, orphans: orphanBridges(whole, name, facts) });
    clearGarbage();
  }
}

/** What should stand on the chosen hosts that answered, with what was seen of them, host by host; pure. */
export function* wantedStates(look: Look, whole: Fabric, { env }: Pick<Context, "env">): Generator<Wanted, void> {
  for (const { name, facts } of answered(look)) yield { name, facts, desired: wantedState(whole, name, facts, env) };
}

/** A host that was seen. */
type Seen = { readonly name: string; readonly facts: Facts };
type Wanted = Seen & { readonly desired: HostState };

/** Plans the way back: nothing is desired. Named volumes stay unless asked for. */
export const planDestroy = (look: Look, { volumes }: { volumes: boolean }): readonly HostPlan[] => {
  const whole = wholeOf(look);
  const plans = answered(look).map(({ name, facts }) => {
    const project = look.inventory.name;
    const actual = ownedState(facts, project).filter((r) => volumes || r.kind !== "volume");
    return planHost(name, { desired: [], actual, project, orphans: orphanBridges(whole, name, facts) });
  });
  refuseStrangers(look, plans);
  return plans;
};

/** Docker removes no network that somebody's container is attached to, and it is not ours to detach. */
const refuseStrangers = (look: Look, plans: readonly HostPlan[]): void => {
  const clashes = plans.flatMap(({ host, steps }) => {
    const removed = steps
      .flatMap((s) => (s.kind === "docker" ? s.calls : []))
      .filter((c) => c.call === "removeNetwork");
    const strangers = look.sights
      .get(host)
      ?.facts?.containers.filter((c) => c.labels[PROJECT_LABEL] !== look.inventory.name);
    return removed.flatMap(({ name }) =>
      (strangers ?? [])
        .filter((c) => c.state !== "exited" && c.state !== "created" && c.addresses[name] !== undefined)
        .map(
          (c) =>
            `network ${name} has to go, but the container ${c.name} is attached, which is not this project's: docker network disconnect ${name} ${c.name}`,
        )
        .map((text) => new XhostError("CONFLICT", text, { host })),
    );
  });
  if (clashes.length > 0) throw combined(clashes);
};

/** The chosen hosts that were seen, in the order of the file. */
const answered = ({ inventory, chosen, sights }: Look): readonly Seen[] =>
  inventory.hosts
    .filter(({ name }) => chosen.has(name))
    .flatMap(({ name }) => {
      const facts = sights.get(name)?.facts;
      return facts === undefined ? [] : [{ name, facts }];
    });
