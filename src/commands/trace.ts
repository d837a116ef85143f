import { phase } from "../apply/phase.ts";
import type { TraceReport } from "../doctor/trace-report.ts";
import { trace as probed, type Traced } from "../doctor/trace.ts";
import { staticFault, waysOf, withRule, type Fault, type Question, type Way } from "../doctor/trace-way.ts";
import { XhostError } from "../errors.ts";
import { isSourceKept } from "../inventory/placement.ts";
import type { Fabric } from "../model/fabric.ts";
import { walkEnd, type WalkEnd } from "../walk/blocking.ts";
import type { World } from "../walk/world.ts";
import { lookFailures } from "./change.ts";
import type { Context, Outcome, Target } from "./context.ts";
import { look, type Look } from "./look.ts";
import { wholeOf } from "./measuring.ts";
import { faultJson, hopsJson } from "./trace-json.ts";
import { columnsOf, faultText, headText, wayText, type Names } from "./trace-text.ts";

export type TraceOptions = {
  readonly from: string;
  readonly to: string;
  readonly tcp: number | undefined;
  readonly size: number | undefined;
  /** Walks what was read of the hosts, and sends nothing. */
  readonly isStatic: boolean;
};

/** Says hop by hop what decides about packets from one container to another and back, and where they are lost. */
export const trace = async (target: Target, context: Context, options: TraceOptions): Promise<Outcome> => {
  checkOptions(options);
  return lookAndTrace(target, context, options);
};

/** The first packet of a TCP connection is 60 bytes long, whatever is sent later. */
const checkOptions = ({ tcp, size }: TraceOptions): void => {
  if (tcp !== undefined && size !== undefined)
    throw new XhostError(
      "INVENTORY",
      "trace: --size is about echo requests, and --tcp sends none: give one of the two",
    );
};

const lookAndTrace = (target: Target, context: Context, options: TraceOptions): Promise<Outcome> =>
  look(
    context,
    target,
    false,
    async (seen) => {
      const whole = wholeOf(seen);
      const world = worldOf(seen);
      const from = endOf(seen, { whole, world, ref: options.from });
      const to = endOf(seen, { whole, world, ref: options.to });
      const question: Question = { from, to, port: options.tcp, size: options.size };
      const ways = waysOf(world, question);
      const lead = (fault: Fault | undefined) => withRule(fault, { world, fabric: whole }, question);
      const isKept = isSourceKept(whole.inventory, to.ref);
      if (options.isStatic) {
        const fault = lead(staticFault(ways, { source: from.address, isSourceKept: isKept }));
        return outcome(seen, { question, ways, traced: [], fault, deaf: [], target });
      }
      const { done, failed } = await phase(
        "Trace packets",
        [{ name: "all" }],
        () => probed(question, ways, { world, hosts: seen.hosts, isSourceKept: isKept }),
        context.progress,
      );
      for (const error of failed.values()) throw error;
      const { traced = [], deaf = [] } = done.get("all") ?? {};
      const fault = lead(traced.map((one) => one.fault).find((one) => one !== undefined));
      return outcome(seen, { question, ways, traced, fault, deaf, target });
    },
    { deep: true },
  );

const worldOf = ({ sights, depths }: Look): World =>
  new Map(
    [...depths].flatMap(([name, depth]) => {
      const facts = sights.get(name)?.facts;
      return facts === undefined ? [] : [[name, { facts, depth }] as const];
    }),
  );

const endOf = (
  { inventory, failed, sights }: Look,
  { whole, world, ref }: { readonly whole: Fabric; readonly world: World; readonly ref: string },
): WalkEnd => {
  const wanted = inventory.containers.find((c) => c.ref === ref);
  if (wanted === undefined) {
    const known = inventory.containers.map((c) => c.ref).join(", ");
    throw new XhostError("INVENTORY", `${inventory.file}: there is no container ${ref} (known: ${known})`);
  }
  const unseen = failed.get(wanted.host);
  if (unseen !== undefined) throw unseen;
  const end = walkEnd(whole, world, ref);
  if (end !== undefined) return end;
  const status = sights.get(wanted.host)?.facts?.containers.find((c) => c.name === wanted.name)?.status;
  const why =
    status === undefined
      ? "there is no such container; `xhost deploy` makes it"
      : status.startsWith("Up ")
        ? "its process is not to be found on the host"
        : `it does not run (${status})`;
  throw new XhostError("REMOTE", `trace ${ref}: ${why}`, { host: wanted.host });
};

type Found = {
  readonly question: Question;
  readonly ways: readonly Way[];
  readonly traced: readonly Traced[];
  readonly fault: Fault | undefined;
  readonly deaf: readonly { readonly host: string; readonly container: string | undefined; readonly why: string }[];
  readonly target: Target;
};

const outcome = (seen: Look, found: Found): Outcome => {
  const { question, ways, traced, fault, deaf, target } = found;
  const names: Names = new Map(
    [...seen.sights.values()].flatMap(({ facts }) => (facts?.containers ?? []).map((c) => [c.id, c.name] as const)),
  );
  const shown =
    ways.find(({ there, back }) => fault !== undefined && [...there, ...back].includes(fault.hop)) ?? ways[0];
  const columns = (way: "there" | "back") => ({ names, columns: columnsOf(traced, way) });
  // Hosts that did not answer are none of the two: that would have ended it.
  const errors = lookFailures(seen);
  const text = [
    headText(question, ways),
    wayText("There", shown?.there ?? [], columns("there")),
    wayText("Back", isSilent(found) ? [] : (shown?.back ?? []), columns("back")),
    [
      ...new Set(deaf.map(({ host, why }) => `${host}: nobody could listen: ${why}`)),
      ...traced.map(backText),
      fault === undefined
        ? verdict(traced)
        : faultText(fault, { names, inventory: target.inventory, isStatic: traced.length === 0 }),
    ].join("\n"),
  ].join("\n\n");
  const json: TraceReport = {
    from: question.from.ref,
    to: question.to.ref,
    static: traced.length === 0,
    packets: ways.map(({ size }, i) => ({
      size,
      sent: traced[i]?.ids.length ?? 0,
      returned: traced[i]?.returned ?? 0,
    })),
    there: hopsJson(shown?.there ?? [], { names, traced, way: "there" }),
    back: hopsJson(shown?.back ?? [], { names, traced, way: "back" }),
    deaf: [...new Set(deaf.map(({ host }) => host))],
    fault: fault === undefined ? null : faultJson(fault, names, target.inventory),
  };
  return { text, errors, json, code: fault === undefined ? 0 : 1 };
};

/** Whether nothing arrived: then there is nothing to be seen on the way back. */
const isSilent = ({ ways, traced, fault }: Found): boolean =>
  fault !== undefined &&
  ways.some(({ there }) => there.includes(fault.hop)) &&
  traced.length > 0 &&
  traced.every(({ back }) => back.every(({ ids }) => ids === undefined || ids.size === 0));

const backText = ({ way, ids, returned, isRefused, told, unsent }: Traced): string =>
  [
    `${way.size} bytes: ${returned} of ${ids.length} came back`,
    ...(isRefused ? ["refused: nobody listens on the port"] : []),
    ...(unsent === undefined ? [] : [`not sent: ${unsent}`]),
    ...(told === undefined ? [] : [`the sender is told that ${told} bytes fit`]),
  ].join(", ");

const verdict = (traced: readonly Traced[]): string =>
  traced.length === 0 ? "Nothing that was read of the hosts drops the packets." : "No fault.";
