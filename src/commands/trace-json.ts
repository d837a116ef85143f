import type { Fault } from "../doctor/trace-way.ts";
import type { Traced } from "../doctor/trace.ts";
import { deciderText, type Hop } from "../walk/hop.ts";
import { remedyOf, type Names } from "./trace-text.ts";

/** A hop for programs; names instead of ids. */
const hopJson = ({ host, container, point, decides, verdict, why, isOuter }: Hop, names: Names) => ({
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
export const hopsJson = (hops: readonly Hop[], { names, traced, way }: Seeing) =>
  hops.map((hop, at) => {
    const seen = traced.flatMap((one) => {
      const ids = one[way].find((each) => each.at === at)?.ids;
      return ids === undefined ? [] : [{ size: one.way.size, probes: one.ids.filter((id) => ids.has(id)).length }];
    });
    return { ...hopJson(hop, names), ...(seen.length > 0 && { seen }) };
  });

export const faultJson = ({ hop, last, missing, why, evidence }: Fault, names: Names, inventory: string) => ({
  ...hopJson(hop, names),
  why,
  last: last === undefined ? null : hopJson(last, names),
  missing: missing === undefined ? null : hopJson(missing, names),
  evidence,
  remedy: remedyOf(hop, inventory) ?? null,
});
