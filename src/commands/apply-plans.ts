import { setTimeout } from "node:timers/promises";
import { applyHost } from "../apply/apply.ts";
import { confirm } from "../apply/confirm.ts";
import { phase, type PhaseResult } from "../apply/phase.ts";
import { extended, XhostError } from "../errors.ts";
import type { HostPlan } from "../plan/step.ts";
import { connector, type Connector } from "../ssh/connect.ts";
import type { Host } from "../ssh/host.ts";
import type { Context } from "./context.ts";
import type { Look } from "./look.ts";

/** The part of the time until the host takes a change back in which a login is tried again: one that fails on a busy host is no reason to lose the change. */
const PATIENCE = 0.6;

const patiently = async <T>(login: () => Promise<T>, seconds: number, signal: AbortSignal): Promise<T> => {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    try {
      return await login();
    } catch (error) {
      const isOver = signal.aborted || performance.now() > end;
      if (isOver || !(error instanceof XhostError) || error.code !== "UNREACHABLE") throw error;
      await setTimeout(500);
    }
  }
};

/** The hosts that xhost has reached through that one. */
const behindOf = ({ inventory, hosts }: Look, name: string): readonly string[] => {
  const at = inventory.hosts.find((host) => host.name === name);
  const names = [name, at?.ssh.host, at?.address, hosts.get(name)?.hostname];
  return [...hosts].flatMap(([other, { jumps }]) =>
    other !== name && jumps.some((jump) => names.includes(jump)) ? [other] : [],
  );
};

/**
 * Applies the plans that have steps, hosts side by side; a host that fails does not stop the others. What may cut somebody off each host has
 * confirmed as soon as it is done, over a connection that is opened after it; one that cannot be reached that way takes it back by itself, and so does one
 * through which others were reached that cannot be any more.
 */
export const applyPlans = async (
  title: string,
  plans: readonly HostPlan[],
  look: Look,
  context: Context,
): Promise<PhaseResult<true>> => {
  const { confirmTimeout, note, progress, timeout } = context;
  const busy = plans.filter((plan) => plan.steps.length > 0).map((plan) => ({ name: plan.host, plan }));
  const freshly = (): Connector => connector({ timeout: Math.min(timeout, confirmTimeout), note });
  const ssh = freshly();
  const login = async (ways: Connector, name: string, told: string): Promise<Host> => {
    const at = look.inventory.hosts.find((host) => host.name === name);
    if (at === undefined) throw new TypeError(`no host ${name}`);
    return patiently(() => ways.open(at), confirmTimeout * PATIENCE, progress.signal).catch((error: unknown) => {
      throw error instanceof XhostError ? extended(error, [told]) : error;
    });
  };
  const back = `the host takes it back by itself within ${confirmTimeout} s of it`;
  const confirmed = async (name: string): Promise<void> => {
    const fresh = await login(ssh, name, `nobody can log in after the change: ${back}`);
    const behind = behindOf(look, name);
    // Their connections through it are of after the change, too.
    const ways = freshly();
    try {
      await Promise.all(
        behind.map((other) => login(ways, other, `it is reached through ${name}, which was changed: ${back}`)),
      );
    } finally {
      await ways.close();
    }
    await confirm(fresh, look.inventory.name);
    await fresh.close();
  };
  try {
    return await phase(
      title,
      busy,
      async ({ name, plan }, say) => {
        const host = look.hosts.get(name);
        if (host === undefined) throw new TypeError(`no connection to ${name}`);
        const how = { say, signal: progress.signal, confirmTimeout, confirm: () => confirmed(name) };
        await applyHost(host, plan, how);
        return true as const;
      },
      progress,
    );
  } finally {
    await ssh.close();
  }
};
