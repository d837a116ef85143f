import { toldFirewalld } from "../doctor/checks/managed.ts";
import type { Fabric } from "../model/fabric.ts";
import { allSubnets } from "../walk/accept.ts";
import { deciderText, type Hop } from "../walk/hop.ts";
import { obstacles } from "../walk/obstacles.ts";
import { removal } from "../walk/removal.ts";
import type { Look } from "./look.ts";

/** Something of somebody else's on a chosen host that drops the fabric's packets however they are let in, and the commands against it there. */
export type Obstacle = { readonly host: string; readonly seen: string; readonly commands: readonly string[] };

/** All of them; pure. A deploy may go on: what it makes is right, and works as soon as the other is told. */
export const obstaclesOf = ({ inventory, chosen, sights }: Look, whole: Fabric): readonly Obstacle[] =>
  inventory.hosts.flatMap(({ name: host }) => {
    const facts = sights.get(host)?.facts;
    if (facts === undefined || !chosen.has(host)) return [];
    const grouped = Map.groupBy(obstacles(whole, host, facts), ({ decides }) => deciderText(decides));
    return [...grouped].map(([said, hops]) => ({
      host,
      seen: `${said}: ${hops[0]?.why ?? ""}`,
      commands: [...new Set(hops.flatMap((hop) => commandFor(whole, hop) ?? []))],
    }));
  });

const commandFor = (whole: Fabric, hop: Hop): string | undefined =>
  toldFirewalld({ fabric: whole }, hop) ?? removal(hop, { subnets: allSubnets(whole) });

const FEW = 8;

/** In text, with the commands to copy; empty where there is nothing. */
export const obstaclesText = (all: readonly Obstacle[]): string =>
  all
    .flatMap(({ host, seen, commands }) => [
      `${host}: what xhost adds does not let packets past ${seen}. On ${host}:`,
      ...commands.slice(0, FEW).map((command) => `    ${command}`),
      ...(commands.length > FEW ? [`    and ${commands.length - FEW} more, for the other hosts`] : []),
    ])
    .join("\n");
