// The plain path that planes are measured against: on the switch of the lab, beside its hosts, two more without Docker and without
// a firewall, each with a bridge, one container's namespace, and one route to the other's containers.
import { namespaceOf } from "../src/lab/names.ts";
import { bridgeOf } from "../src/lab/segments.ts";
import type { BenchLab, Path } from "./plane-candidates.ts";

/** Namespaces inside those of the lab's hosts, so that they go with the lab. */
export const pathByHand = async ({ name, hosts, on }: BenchLab): Promise<Path> => {
  for (const [i, host] of hosts.entries()) {
    const cable = `hand${i + 1}`;
    await on(host.name, "ip netns add host && ip netns add box");
    await on("fabric", `ip link add ${cable} type veth peer name ${cable} netns ${namespaceOf(name, host.name)}`);
    await on("fabric", `ip link set ${cable} master ${bridgeOf(host.address)} up`);
    await on(host.name, hostByHand(cable, i + 1, hosts.length - i));
  }
  const box = "/run/netns/box";
  return { from: box, to: box, address: "172.23.2.2" };
};

// above the addresses that lab hosts may have
const underlay = (host: number) => `10.211.55.${250 + host}`;

const hostByHand = (cable: string, host: number, peer: number): string => `
  ip link set ${cable} netns host name eth0
  ip -n host -batch - <<'END'
link set lo up
address add ${underlay(host)}/24 dev eth0
link set eth0 up
link add br0 type bridge
address add 172.23.${host}.1/24 dev br0
link set br0 up
link add box type veth peer name eth0 netns box
link set box master br0 up
route add 172.23.${peer}.0/24 via ${underlay(peer)}
END
  ip -n box -batch - <<'END'
link set lo up
address add 172.23.${host}.2/24 dev eth0
link set eth0 up
route add default via 172.23.${host}.1
END
  ip netns exec host sh -ec '
    echo 1 >/proc/sys/net/ipv4/ip_forward
    for file in /proc/sys/net/bridge/bridge-nf-call-*; do [ ! -e "$file" ] || echo 0 >"$file"; done'`;
