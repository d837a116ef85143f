import type { Health } from "../../observe/health.ts";
import type { Hop } from "../../walk/hop.ts";
import type { DiagnosisId } from "../ids.ts";
import type { Scene } from "./scene.ts";

/** A firewall that is managed by a program of its own, and what that is to be told: rules taken out of it come back. */
type Managed = { readonly id: DiagnosisId; readonly command: string };

type Of = Pick<Scene, "fabric">;

/** Undefined where the rule or policy is nobody's but the user's. `health` is that of the hop's host. */
export const managed = (scene: Scene, hop: Hop, health: Health | undefined): Managed | undefined => {
  const { decides: d, container } = hop;
  if (container !== undefined || health === undefined || hop.becomes !== undefined) return undefined;
  const isUfw = (d.kind === "rule" && d.chain.startsWith("ufw-")) || (d.kind === "policy" && d.table === "filter");
  if (health.ufw && isUfw) return { id: "ufw", command: ufw(scene, hop).join(" && ") };
  if (health.firewalld && isFirewalld(hop))
    return { id: "firewalld", command: firewalldWords(scene, hop).join(" && ") };
  return undefined;
};

/** ufw(8): rules for the host itself, and with `route` for what it forwards. It has no word for IP protocol 4. */
const ufw = (scene: Of, hop: Hop): readonly string[] => {
  if (!hop.isOuter) return ways(scene, hop).map(({ from, to }) => `ufw route allow from ${from} to ${to}`);
  if (!isIpip(hop))
    return peers(scene, hop).flatMap((peer) =>
      ports(hop).map((port) =>
        isOut(hop)
          ? `ufw allow out to ${peer} port ${port} proto udp`
          : `ufw allow from ${peer} to any port ${port} proto udp`,
      ),
    );
  const lines = peers(scene, hop).map((peer) => `-A ufw-before-input -s ${peer} -p 4 -j ACCEPT\\n`);
  return [`sed -i '/^\\*filter/,/^COMMIT/s/^COMMIT/${lines.join("")}COMMIT/' /etc/ufw/before.rules`, "ufw reload"];
};

const isFirewalld = ({ decides: d }: Hop): boolean => d.kind === "nft" && d.table === "firewalld";

const firewalldWords = (scene: Of, hop: Hop): readonly string[] =>
  hop.isOuter ? firewalldInput(scene, hop) : overReload(firewalldForward(scene, hop));

/**
 * What firewalld is to be told before anything is deployed that it lets pass; undefined where somebody else decides. Its reload takes away what
 * iptables has, which Docker then makes again, and deploy.
 */
export const toldFirewalld = (scene: Of, hop: Hop): string | undefined => {
  if (!isFirewalld(hop)) return undefined;
  const words = hop.isOuter ? firewalldInput(scene, hop) : [...firewalldForward(scene, hop), RELOAD];
  return words.join(" && ");
};

/** Rich rules of the default zone for the host itself, now and for good, without a reload, which would take xhost's rules away. */
const firewalldInput = (scene: Of, hop: Hop): readonly string[] =>
  peers(scene, hop).flatMap((peer) => {
    const carried = isIpip(hop) ? ["protocol value=4"] : ports(hop).map((port) => `port port=${port} protocol=udp`);
    return carried.flatMap((what) => {
      const rule = `--add-rich-rule='rule family=ipv4 source address=${peer} ${what} accept'`;
      return [`firewall-cmd ${rule}`, `firewall-cmd --permanent ${rule}`];
    });
  });

/** What is forwarded needs a policy, and one that is new a reload (firewalld.policies(5)). */
const firewalldForward = (scene: Of, hop: Hop): readonly string[] => [
  "{ firewall-cmd --permanent --new-policy=xhost; true; }",
  "firewall-cmd --permanent --policy=xhost --add-ingress-zone=ANY",
  "firewall-cmd --permanent --policy=xhost --add-egress-zone=ANY",
  ...ways(scene, hop).map(
    ({ from, to }) =>
      `firewall-cmd --permanent --policy=xhost --add-rich-rule='rule family=ipv4 source address=${from} destination address=${to} accept'`,
  ),
];

const RELOAD = "firewall-cmd --reload";

/**
 * A reload flushes what iptables has (FlushAllOnReload, firewalld.conf(5)): Docker's rules and xhost's are kept over it. Docker makes its own again a
 * moment after the reload has ended (measured: 0.24 s), and must not be met in the midst of that.
 */
const overReload = (words: readonly string[]): readonly string[] => [
  ...words,
  `rules=$(iptables-save)`,
  RELOAD,
  "sleep 3",
  `printf '%s\\n' "$rules" | iptables-restore`,
];

/** The host's own packet, and not one that comes in. */
const isOut = ({ decides }: Hop): boolean => "chain" in decides && /output$/i.test(decides.chain);

const isIpip = ({ packet }: Hop): boolean => packet?.protocol === 4;

const peers = ({ fabric }: Of, { host }: Hop): readonly string[] =>
  [...fabric.addresses].filter(([name]) => name !== host).map(([, address]) => address);

/** The tunnel's own; another tunnel's port is not to be opened along with it. */
const ports = ({ packet }: Hop): readonly number[] => (packet?.port === undefined ? [] : [packet.port]);

/** From each subnet of the host to each of the others in the same network, and back. */
const ways = ({ fabric }: Of, { host }: Hop): readonly { readonly from: string; readonly to: string }[] =>
  [...fabric.subnets.values()].flatMap((byHost) => {
    const far = [...byHost].flatMap(([name, subnets]) => (name === host ? [] : subnets));
    return (byHost.get(host) ?? []).flatMap((near) =>
      far.flatMap((other) => [
        { from: near, to: other },
        { from: other, to: near },
      ]),
    );
  });
