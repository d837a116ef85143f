import type { Health } from "../../observe/health.ts";
import type { Hop } from "../../walk/hop.ts";
import type { DiagnosisId } from "../ids.ts";
import type { Scene } from "./scene.ts";

/** A firewall that is managed by a program of its own, and what that is to be told: rules taken out of it come back. */
type Managed = { readonly id: DiagnosisId; readonly command: string };

/** Undefined where the rule or policy is nobody's but the user's. `health` is that of the hop's host. */
export const managed = (scene: Scene, hop: Hop, health: Health | undefined): Managed | undefined => {
  const { decides: d, container } = hop;
  if (container !== undefined || health === undefined) return undefined;
  const isUfw = (d.kind === "rule" && d.chain.startsWith("ufw-")) || (d.kind === "policy" && d.table === "filter");
  if (health.ufw && isUfw) return { id: "ufw", command: ufw(scene, hop).join(" && ") };
  if (health.firewalld && d.kind === "nft" && d.table === "firewalld")
    return { id: "firewalld", command: firewalld(scene, hop).join(" && ") };
  return undefined;
};

/** ufw(8): rules for the host itself, and with `route` for what it forwards. */
const ufw = (scene: Scene, hop: Hop): readonly string[] =>
  hop.isOuter
    ? peers(scene, hop).flatMap((peer) =>
        ports(scene, hop).map((port) => `ufw allow from ${peer} to any port ${port} proto udp`),
      )
    : [
        ...remote(scene, hop).map((net) => `ufw route allow from ${net}`),
        ...remote(scene, hop).map((net) => `ufw route allow to ${net}`),
      ];

/** Without a reload, which would take xhost's rules away. */
const firewalld = (scene: Scene, hop: Hop): readonly string[] => [
  ...(hop.isOuter ? peers(scene, hop) : remote(scene, hop)).map(
    (source) => `firewall-cmd --zone=trusted --add-source=${source}`,
  ),
  "firewall-cmd --runtime-to-permanent",
];

const peers = ({ fabric }: Scene, { host }: Hop): readonly string[] =>
  [...fabric.addresses].filter(([name]) => name !== host).map(([, address]) => address);

const ports = ({ fabric: { ports: all } }: Scene, { host }: Hop): readonly number[] => {
  const wireguard = all.wireguard.get(host)?.port;
  return [all.vxlan, ...(wireguard === undefined ? [] : [wireguard])];
};

const remote = ({ fabric }: Scene, { host }: Hop): readonly string[] =>
  [...fabric.subnets.values()].flatMap((byHost) =>
    [...byHost].flatMap(([name, subnets]) => (name === host ? [] : subnets)),
  );
