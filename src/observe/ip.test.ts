import { describe, expect, it } from "vitest";
import { parseFdb, parseInterfaces, parseNeighbours, parseRoutes } from "./ip.ts";

// from `ip -j -d address`, iproute2 6.1 on Linux 6.18 and 6.1; shortened to what is read and its neighbours
const VXLAN = `[{"ifindex":2,"ifname":"xh-co-vxlan","flags":["BROADCAST","MULTICAST","UP","LOWER_UP"],"mtu":1450,"address":"0e:88:0a:d3:37:0b","linkinfo":{"info_kind":"vxlan","info_data":{"id":10763344,"local":"10.211.55.11","port_range":{"low":0,"high":0},"port":4789,"learning":false,"ttl":0,"udp_csum":false}},"ifalias":"xhost:co"}]`;
const IPIP = `[{"ifname":"xh-co-ipip","link":null,"flags":["NOARP"],"mtu":1480,"address":"10.211.55.11","linkinfo":{"info_kind":"ipip","info_data":{"proto":"ipip","remote":"any","local":"10.211.55.11","ttl":64,"pmtudisc":true}}}]`;
const BRIDGE = `[{"ifname":"br0","flags":["UP"],"mtu":1500,"linkinfo":{"info_kind":"bridge","info_data":{"forward_delay":1500,"id":"8000.02"}}}]`;

describe("links", () => {
  it.each([
    [
      "vxlan",
      VXLAN,
      {
        up: true,
        alias: "xhost:co",
        type: "vxlan",
        mac: "0e:88:0a:d3:37:0b",
        tunnel: { local: "10.211.55.11", remote: undefined, vni: 10763344, port: 4789, checksum: false },
      },
    ],
    [
      "ipip",
      IPIP,
      {
        up: false,
        alias: undefined,
        type: "ipip",
        tunnel: { local: "10.211.55.11", remote: undefined, vni: undefined, port: undefined, checksum: undefined },
      },
    ],
    ["one with fields of other meaning", BRIDGE, { up: true, type: "bridge", tunnel: undefined }],
  ])("%s", (_what, json, expected) => {
    expect(parseInterfaces(json)[0]).toMatchObject(expected);
  });
});

it("addresses are those of IPv4, and routes those of the table main", () => {
  const text = `[{"ifname":"eth0","flags":["UP"],"mtu":1500,"addr_info":[{"family":"inet","local":"10.0.0.1","prefixlen":24},{"family":"inet6","local":"fe80::1","prefixlen":64}]}]`;
  expect(parseInterfaces(text)[0]?.addresses).toEqual([{ address: "10.0.0.1", prefix: 24 }]);
  const routes = `[{"dst":"10.1.0.0/16","dev":"a"},{"dst":"10.2.0.0/16","dev":"a","table":"254"},{"type":"2","dst":"10.0.0.1","dev":"a","table":"255"},{"dst":"10.3.0.0/16","dev":"a","table":"100"}]`;
  expect(parseRoutes(routes).map(({ destination }) => destination)).toEqual(["10.1.0.0/16", "10.2.0.0/16"]);
});

it("routes into a tunnel say so", () => {
  const json = `[{"dst":"172.30.2.0/24","gateway":"10.0.0.2","dev":"v","protocol":"88","metric":88000001,"flags":["onlink"],"metrics":[{"mtu":1300}]},{"dst":"172.30.3.0/24","dev":"w","protocol":"88","scope":"253","prefsrc":"172.30.1.1","metric":88000001,"flags":[]}]`;
  expect(parseRoutes(json)).toEqual([
    {
      destination: "172.30.2.0/24",
      device: "v",
      gateway: "10.0.0.2",
      source: undefined,
      protocol: "88",
      metric: 88000001,
      onlink: true,
      mtu: 1300,
    },
    {
      destination: "172.30.3.0/24",
      device: "w",
      gateway: undefined,
      source: "172.30.1.1",
      protocol: "88",
      metric: 88000001,
    },
  ]);
});

it("neighbours", () => {
  const json = `[{"dst":"10.0.0.2","dev":"v","lladdr":"0e:88:0a:00:00:02","state":["PERMANENT"]},{"dst":"10.0.0.3","dev":"v","state":["PERMANENT"]}]`;
  expect(parseNeighbours(json)).toEqual([{ device: "v", address: "10.0.0.2", mac: "0e:88:0a:00:00:02" }]);
  expect(parseNeighbours("")).toEqual([]);
});

it("FDB entries that lead to a host", () => {
  const text = `v 0e:88:0a:00:00:02 dst 10.0.0.2 self permanent
v 0e:88:0a:00:00:03 dst 10.0.0.3 self
v 33:33:00:00:00:01 self permanent
`;
  expect(parseFdb(text)).toEqual([{ device: "v", mac: "0e:88:0a:00:00:02", destination: "10.0.0.2" }]);
});
