import type { Space } from "../model/depth.ts";
import type { Decider } from "../walk/hop.ts";
import { parseRule } from "../walk/rule.ts";

/** The rules of a network namespace, as far as they filter. */
export type Rules = Pick<Space, "variant" | "iptables" | "otherIptables" | "nft">;

/** A rule or policy that saw packets while the probes went by. */
export type Rise = {
  readonly host: string;
  readonly container: string | undefined;
  readonly decides: Decider;
  /** Packets. */
  readonly by: number;
  /** Whether what it sees does not go on. */
  readonly drops: boolean;
};

type Count = { readonly decides: Decider; readonly packets: number; readonly drops: boolean };

/** Rules whose counters rose; one that was not there before counts from 0. */
export const risen = (
  { host, container }: { readonly host: string; readonly container: string | undefined },
  before: Rules,
  after: Rules,
): readonly Rise[] => {
  const known = new Map(countsOf(before).map(({ decides, packets }) => [keyOf(decides), packets]));
  return countsOf(after).flatMap(({ decides, packets, drops }): Rise[] => {
    const by = packets - (known.get(keyOf(decides)) ?? 0);
    return by > 0 ? [{ host, container, decides, by, drops }] : [];
  });
};

/** What decides, as the same thing before and after. */
export const keyOf = (decides: Decider): string => JSON.stringify(decides);

const countsOf = ({ variant, iptables, otherIptables, nft }: Rules): readonly Count[] => {
  const other = variant === "nft" ? "iptables-legacy" : "iptables-nft";
  const both = [...tablesOf("iptables", iptables), ...tablesOf(other, otherIptables)];
  const own = nft.flatMap((table) =>
    table.chains.flatMap((chain) =>
      chain.rules.flatMap(({ handle, text, packets, statements }): Count[] => {
        const place = { family: table.family, table: table.name, chain: chain.name };
        return packets === undefined
          ? []
          : [{ decides: { kind: "nft", ...place, handle, text }, packets, drops: statements.some(isDrop) }];
      }),
    ),
  );
  return [...both, ...own];
};

const tablesOf = (tool: string, ruleset: Rules["iptables"]): readonly Count[] =>
  [...ruleset].flatMap(([table, chains]) =>
    [...chains.values()].flatMap(({ name, policy, packets, rules }): readonly Count[] => [
      ...(policy === undefined
        ? []
        : [
            {
              decides: { kind: "policy", tool, table, chain: name, text: policy } as const,
              packets,
              drops: policy === "DROP",
            },
          ]),
      ...rules.map(({ number, text, packets: matched }): Count => ({
        decides: { kind: "rule", tool, table, chain: name, number, text },
        packets: matched,
        drops: ["DROP", "REJECT"].includes(parseRule(text).target ?? ""),
      })),
    ]),
  );

const isDrop = (statement: unknown): boolean =>
  typeof statement === "object" && statement !== null && ("drop" in statement || "reject" in statement);
