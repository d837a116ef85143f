import { expect, test } from "vitest";
import { managed } from "../../src/doctor/checks/managed.ts";
import type { Health } from "../../src/observe/health.ts";
import type { Decider, Hop } from "../../src/walk/hop.ts";
import { request } from "../../src/walk/packet.ts";
import { sceneOf } from "./scenes.ts";

const runs = (what: "ufw" | "firewalld"): Health => ({
  ...({} as Health),
  ufw: what === "ufw",
  firewalld: what === "firewalld",
});

const packet = request({ source: "10.211.55.11", destination: "10.211.55.12" });
const udp = { ...packet, protocol: 17, port: 4789 };
const ipip = { ...packet, protocol: 4 };

const policy = (chain: string) =>
  ({ kind: "policy", tool: "iptables", table: "filter", chain, text: "DROP" }) as Decider;
const reject = (table: string) =>
  ({ kind: "nft", family: "inet", table, chain: "filter_INPUT", handle: 1, text: "reject" }) as Decider;

/** The remedy on h2 where that decides about the outer packet. */
const told = async (what: "ufw" | "firewalld", decides: Decider, outer: Hop["packet"]) => {
  const point = "filter INPUT";
  const hop = {
    host: "h2",
    container: undefined,
    point,
    decides,
    verdict: "drops",
    why: "",
    packet: outer,
    isOuter: true,
  } as const;
  const found = managed(await sceneOf({ moment: "after" }), hop, runs(what));
  return found && [found.id, ...found.command.split(" && ")];
};

test("only the port of the tunnel that is dropped is opened, for each of the other hosts", async () => {
  expect(await told("ufw", policy("INPUT"), udp)).toEqual([
    "ufw",
    "ufw allow from 10.211.55.11 to any port 4789 proto udp",
    "ufw allow from 10.211.55.13 to any port 4789 proto udp",
  ]);
  expect(await told("ufw", policy("OUTPUT"), udp)).toEqual([
    "ufw",
    "ufw allow out to 10.211.55.11 port 4789 proto udp",
    "ufw allow out to 10.211.55.13 port 4789 proto udp",
  ]);
});

test("ipip goes by its protocol's number, for good and now", async () => {
  expect(await told("ufw", policy("INPUT"), ipip)).toEqual([
    "ufw",
    expect.stringMatching(
      /^sed -i .*-A ufw-before-input -s 10\.211\.55\.11 -p 4 -j ACCEPT\\n.* \/etc\/ufw\/before\.rules$/,
    ),
    "ufw reload",
  ]);
  const rule = (host: string) =>
    `--add-rich-rule='rule family=ipv4 source address=10.211.55.${host} protocol value=4 accept'`;
  expect(await told("firewalld", reject("firewalld"), ipip)).toEqual([
    "firewalld",
    ...["11", "13"].flatMap((host) => [`firewall-cmd ${rule(host)}`, `firewall-cmd --permanent ${rule(host)}`]),
  ]);
});

test("a table of somebody else is nothing that firewalld could be told of", async () => {
  expect(await told("firewalld", reject("guard"), udp)).toBeUndefined();
});
