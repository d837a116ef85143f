import type { Check } from "../inventory/inventory.ts";
import type { Answer } from "./answers.ts";
import type { Endpoint, Finding } from "./finding.ts";

/** Everything that is known about a check after the packets were sent. */
export type Evidence = {
  readonly from: Endpoint | undefined;
  readonly to: Endpoint | undefined;
  readonly answer: Answer | undefined;
  /** What became of a packet of full size, and its bytes; undefined where none was sent. */
  readonly full?: Answer | undefined;
  readonly fullSize?: number | undefined;
  /** Addresses from which echo requests came in at the other end; undefined where nobody could listen. */
  readonly sources: ReadonlySet<string> | undefined;
  readonly sourceKept: boolean;
};

/** Turns evidence into a finding; pure. A ping that arrives under another address than it must is a failure. */
export const judge = (check: Check, evidence: Evidence): Finding => {
  const base = { ...check, address: evidence.to?.address, rtt: evidence.answer?.rtt, source: undefined };
  return { ...base, ...(beforehand(check, evidence) ?? verdict(check, evidence)) };
};

type Verdict = Pick<Finding, "result" | "note" | "answered" | "tooBig"> & { readonly source?: string | undefined };

/** What is clear without any packet. */
const beforehand = (check: Check, { from, to }: Evidence): Verdict | undefined => {
  if (from === undefined || to === undefined)
    return { result: "unchecked", note: `the host of ${from === undefined ? check.from : check.to} did not answer` };
  const hidden = [from, to].find((end) => end.unseen !== undefined);
  if (hidden !== undefined)
    return { result: "unchecked", note: `${hidden.ref} on ${hidden.host} cannot be entered: ${hidden.unseen ?? ""}` };
  const down = [from, to].find((end) => end.pid === 0 || !end.address);
  return down && { result: "failed", note: `${down.ref} on ${down.host} is not running: ${down.state}` };
};

const verdict = (check: Check, evidence: Evidence): Verdict => {
  const { answer, full, fullSize = 0 } = evidence;
  if (answer?.ok !== true)
    return {
      result: "failed",
      note: answer?.note ?? "no answer",
      ...(isAnswered(check, answer) && { answered: true }),
    };
  const { result, ...rest } = sourceVerdict(check, evidence);
  if (result === "failed" || full === undefined || full.ok) return { result, ...rest };
  return {
    ...rest,
    result: "failed",
    tooBig: fullSize,
    note: `small packets arrive, ${fullSize} bytes do not: ${full.note}`,
  };
};

/** Something speaks HTTP, or at least takes the connection and ends it. */
const isAnswered = ({ probe }: Check, answer: Answer | undefined): boolean =>
  probe.kind === "http" && answer?.note.startsWith("HTTP/") === true;

const sourceVerdict = (check: Check, { from, sources, sourceKept }: Evidence): Verdict => {
  if (sources === undefined || check.probe.kind !== "ping") return { result: "ok", note: "" };
  const own = from?.address ?? "";
  if (sources.has(own)) return { result: "ok", source: own, note: "" };
  const source = [...sources].join(" or ");
  if (!sourceKept) return { result: "ok", source, note: "masqueraded" };
  return { result: "failed", source, note: `arrives, but not with its own address ${own}` };
};
