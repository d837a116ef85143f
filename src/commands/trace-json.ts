import type { Fault } from "../doctor/trace-way.ts";
import type { TraceFault, TraceHop, TraceReport } from "../doctor/trace-report.ts";
import type { Traced } from "../doctor/trace.ts";
import { deciderText, type Hop } from "../walk/hop.ts";
import { remedyOf, type Names } from "./trace-text.ts";

/** A hop for programs; names instead of ids. */
const hopJson = ({ host, container, point, decides, verdict, why, isOuter }: Hop, names: Names): TraceHop => ({
  host,
  container: container === undefined ? null : (names.get(container) ?? container),
  point,
  decides: { ...decides, words: deciderText(decides) },
  verdict,
  why,
  outer: isOuter,
});

type Seeing = { readonly names: Names; readonly traced: readonly Traced[]; readonly way: "there" | "back" };

/** Hops with the number of probes of each size that were seen there; `seen` is missing where nobody listens. */
export const hopsJson = (hops: readonly Hop[], { names, traced, way }: Seeing): TraceReport["there"] =>
  hops.map((hop, at) => {
    const seen = traced.flatMap((one) => {
      const ids = one[way].find((each) => each.at === at)?.ids;
      return ids === undefined ? [] : [{ size: one.way.size, probes: one.ids.filter((id) => ids.has(id)).length }];
    });
    return { ...hopJson(hop, names), ...(seen.length > 0 && { seen }) };
  });

/** What is blamed, for programs. */
export const faultJson = (
  { hop, last, missing, why, evidence, command }: Fault,
  names: Names,
  inventory: string,
): TraceFault => {
  const remedy = remedyOf({ hop, command }, inventory);
  return {
    ...hopJson(hop, names),
    why,
    last: last === undefined ? null : hopJson(last, names),
    missing: missing === undefined ? null : hopJson(missing, names),
    evidence: [...evidence],
    remedy: remedy === undefined ? null : { on: remedy.on ?? null, command: remedy.command },
  };
};
