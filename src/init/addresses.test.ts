import { expect, test } from "vitest";
import { peerAddresses, type Guest } from "./addresses.ts";

/** `eth0 10.0.2.15/24 uplink`, `eth0 10.0.2.15/24 ssh`, `docker0:bridge 172.17.0.1/16`, `eth1:down 10.1.0.1/24` */
const guest = (name: string, ...devices: string[]): Guest => ({
  name,
  interfaces: devices.map((text) => {
    const [device = "", ...addresses] = text.replace(/ (uplink|ssh)$/, "").split(" ");
    const [ifname = "", type] = device.split(":");
    return {
      name: ifname,
      mtu: 1500,
      up: type !== "down",
      type: type === "down" ? undefined : type,
      addresses: addresses.map((cidr) => ({
        address: cidr.split("/")[0] ?? "",
        prefix: Number(cidr.split("/")[1]),
      })),
    };
  }),
  uplinks: devices.filter((text) => text.endsWith(" uplink")).map((text) => text.split(" ")[0] ?? ""),
  sshAddress: devices.find((text) => text.endsWith(" ssh"))?.split(/[ /]/)[1],
});

test.each<[string, Guest[], Record<string, string>]>([
  [
    "VirtualBox: the way out is the same on all, the host-only network is not",
    [
      guest("h1", "lo 127.0.0.1/8", "eth0 10.0.2.15/24 uplink", "eth1 10.211.55.11/24"),
      guest("h2", "lo 127.0.0.1/8", "eth0 10.0.2.15/24 uplink", "eth1 10.211.55.12/24"),
    ],
    { h1: "10.211.55.11 eth1", h2: "10.211.55.12 eth1" },
  ],
  [
    "libvirt: Vagrant's own network is the way out, and the other one is meant",
    [
      guest("h1", "eth0 192.168.121.5/24 uplink", "eth1 10.211.55.11/24", "docker0:bridge 172.17.0.1/16"),
      guest("h2", "eth0 192.168.121.9/24 uplink", "eth1 10.211.55.12/24", "docker0:bridge 172.18.0.1/16"),
    ],
    { h1: "10.211.55.11 eth1", h2: "10.211.55.12 eth1" },
  ],
  [
    "libvirt without a way out: ssh comes in on Vagrant's own network",
    [
      guest("h1", "eth0 192.168.121.5/24 ssh", "eth1 10.211.55.11/24"),
      guest("h2", "eth0 192.168.121.9/24 ssh", "eth1 10.211.55.12/24"),
    ],
    { h1: "10.211.55.11 eth1", h2: "10.211.55.12 eth1" },
  ],
  [
    "one network only: the way out will do",
    [guest("h1", "eth0 192.168.121.5/24 uplink"), guest("h2", "ens3 192.168.121.9/24 uplink")],
    { h1: "192.168.121.5 eth0", h2: "192.168.121.9 ens3" },
  ],
  [
    "one of them has it as its way out: no difference to the others",
    [guest("h1", "eth1 10.1.0.1/24"), guest("h2", "eth1 10.1.0.2/24 uplink"), guest("h3", "bond0:bond 10.1.0.3/24")],
    { h1: "10.1.0.1 eth1", h2: "10.1.0.2 eth1", h3: "10.1.0.3 bond0" },
  ],
  ["no network in common", [guest("h1", "eth0 10.1.0.1/24"), guest("h2", "eth0 10.2.0.1/24")], {}],
  ["the same first address, another prefix", [guest("h1", "eth0 10.1.0.1/24"), guest("h2", "eth0 10.1.0.2/16")], {}],
  ["a device that is down", [guest("h1", "eth1:down 10.1.0.1/24")], {}],
  ["devices that are no wires", [guest("h1", "br-1:bridge 10.1.0.1/24", "wg0:wireguard 10.2.0.1/24")], {}],
  [
    "two addresses in it: the first",
    [guest("h1", "eth1 10.1.0.1/24 10.1.0.9/24"), guest("h2", "eth1 10.1.0.2/24")],
    { h1: "10.1.0.1 eth1", h2: "10.1.0.2 eth1" },
  ],
  ["a host alone", [guest("h1", "eth0 10.0.2.15/24 uplink", "eth1 10.1.0.1/24")], { h1: "10.1.0.1 eth1" }],
  ["nobody", [], {}],
])("%s", (_, guests, expected) => {
  const found = [...peerAddresses(guests)].map(([name, { address, device }]) => [name, `${address} ${device}`]);
  expect(Object.fromEntries(found)).toEqual(expected);
});
