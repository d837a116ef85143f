import type { NftChain, NftTable } from "../model/depth-rules.ts";
import type { Fabric } from "../model/fabric.ts";
import type { Facts } from "../model/facts.ts";
import { deciderText, type Hop } from "./hop.ts";
import { throughNft } from "./nft-chains.ts";
import { passingOn, type Passing } from "./passing.ts";

/**
 * Rules and policies of nft's own tables on a host that will drop packets between the inventory's containers, or those of a tunnel, whatever xhost
 * puts into iptables: an accept in one table is not final for another (nft(8)). Known before anything is deployed; pure. Each once for every
 * way that it is in.
 */
export const obstacles = (fabric: Fabric, host: string, facts: Facts): readonly Hop[] => {
  const tables = facts.nft.filter(({ family }) => family === "ip" || family === "inet");
  const found = tables.flatMap((table) =>
    passingOn(fabric, host, facts, (bridge) => standIn(table, bridge, facts)).flatMap((passing) =>
      dropsOf(table, passing, facts).map((note): Hop => ({ ...note, host, container: undefined })),
    ),
  );
  const ways = new Map(found.map((hop) => [`${deciderText(hop.decides)} ${wayOf(hop)}`, hop]));
  return [...ways.values()];
};

const wayOf = ({ packet }: Hop): string => `${packet?.source ?? ""} ${packet?.destination ?? ""}`;

const dropsOf = (
  table: NftTable,
  { packet, hooks, incoming, outgoing, isOuter }: Passing,
  facts: Facts,
): readonly Omit<Hop, "host" | "container">[] => {
  const isOwn = (address: string): boolean =>
    facts.interfaces.some(({ addresses }) => addresses.some((own) => own.address === address));
  const moment = {
    ...{ packet, incoming, outgoing },
    typeOf: (address: string): string => (isOwn(address) ? "LOCAL" : "UNICAST"),
  };
  return table.chains
    .filter((chain) => hooks.some((hook) => isAsked(chain, hook)))
    .flatMap((chain) =>
      throughNft(table, chain, { moment, addressOf: () => undefined }).notes.map((note) => ({
        ...{ ...note, packet, isOuter },
        point: `${table.family} ${table.name} ${chain.name}`,
      })),
    )
    .filter(({ verdict }) => verdict === "drops");
};

/** What is hooked in at one device is left to `doctor`. */
const isAsked = ({ base }: NftChain, hook: string): boolean =>
  base?.hook === hook && base.type === "filter" && base.device === undefined;

/** Docker puts every bridge that it makes into one zone of firewalld: one that is not there yet is judged by the one that always is. */
const standIn = ({ name }: NftTable, bridge: string, { interfaces }: Facts): string =>
  name === "firewalld" && interfaces.every((each) => each.name !== bridge) ? "docker0" : bridge;
