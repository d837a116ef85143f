import { expect, it } from "vitest";
import type { NftTable } from "../model/depth-rules.ts";
import { throughNft } from "./nft-chains.ts";
import { request, type Packet } from "./packet.ts";

const syn = request({ source: "172.30.1.2", destination: "172.30.2.2", port: 443 });
const ping = request({ source: "172.30.1.2", destination: "172.30.2.2" });

type Entry = readonly [key: unknown, verdict: Readonly<Record<string, unknown>>];

const dport = { payload: { protocol: "tcp", field: "dport" } };
const daddr = { payload: { protocol: "ip", field: "daddr" } };
const [accept, drop] = [{ accept: null }, { drop: null }];

/** What a chain says that has one rule, a map of verdicts as nft 1.0.6 prints it, and drops the rest. */
const said = (key: unknown, entries: readonly Entry[], packet: Packet = syn): string => {
  const chain = (name: string, statement: unknown, policy?: string) => ({
    name,
    base: policy === undefined ? undefined : { type: "filter", hook: "forward", priority: 0, policy },
    rules: statement === undefined ? [] : [{ handle: 4, text: name, packets: undefined, statements: [statement] }],
  });
  const chains = [chain("f", { vmap: { key, data: { set: entries } } }, "drop"), chain("other", drop)];
  const table = { family: "inet", name: "t", chains, sets: new Map() } as unknown as NftTable;
  const moment = { packet, incoming: "eth0", outgoing: "xh-app", typeOf: () => "UNICAST" as const };
  const { notes } = throughNft(table, table.chains[0]!, { moment, addressOf: () => undefined });
  return notes.map(({ verdict, why }) => `${verdict}: ${why}`).join("\n");
};

const POLICY = "no rule accepts it, and the policy drops what none accepts";
const UNTOLD = "unknown: nobody can tell from outside whether it holds for the packet";

it.each<readonly [string, unknown, readonly Entry[], string]>([
  ["the first that holds", dport, [[443, accept], [80, drop]], "passes: accepts it"], // prettier-ignore
  ["a later one that holds", dport, [[80, drop], [443, accept]], "passes: accepts it"], // prettier-ignore
  ["one that holds, behind one that nobody can judge", dport, [["https", drop], [443, accept]], "passes: accepts it"], // prettier-ignore
  ["one that drops, behind one that nobody can judge", dport, [["https", accept], [443, drop]], "drops: drops it"], // prettier-ignore
  ["none", dport, [[80, accept]], `drops: ${POLICY}`],
  ["the star, which holds where no other does", daddr, [["10.0.0.1", drop], ["*", accept]], "passes: accepts it"], // prettier-ignore
  ["another than the star, wherever it stands", daddr, [["*", drop], ["172.30.2.2", accept]], "passes: accepts it"], // prettier-ignore
  ["all, of a key that nobody knows", { meta: { key: "cgroup" } }, [[1, accept], [2, drop]], `${UNTOLD}\nunknown: ${POLICY}; the rule with handle 4 may accept it`], // prettier-ignore
  ["a jump among them", { meta: { key: "cgroup" } }, [[1, { jump: { target: "other" } }], [2, drop]], `${UNTOLD}\nunknown: ${POLICY}; the rule with handle 4 may accept it`], // prettier-ignore
  ["the star, perhaps", { meta: { key: "cgroup" } }, [[1, drop], ["*", accept]], `${UNTOLD}\nunknown: ${POLICY}; the rule with handle 4 may accept it`], // prettier-ignore
])("a map of verdicts gives that of %s", (_title, key, entries, wanted) => {
  expect(said(key, entries)).toBe(wanted);
});

it("a map by a field that the packet does not have says nothing", () => {
  expect(said(dport, [[443, drop]], ping)).toBe(`drops: ${POLICY}`);
});
