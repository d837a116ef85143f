import { expect, test } from "vitest";
import { cidrOf } from "../cidr.ts";
import { innerFilter, narrowed, outerFilter } from "./filter.ts";

const [A, B, BLOCK] = ["172.30.1.2/32", "172.30.2.2/32", "172.30.2.0/24"].map(cidrOf) as [
  ReturnType<typeof cidrOf>,
  ReturnType<typeof cidrOf>,
  ReturnType<typeof cidrOf>,
];
const one = { containers: [A], hidden: [] };
const two = { containers: [A, B], hidden: [] };
const NO_TUNNEL = { vxlan: [], wireguard: [], ipip: false, hosts: [] };

test("one container: all its packets; several: those between them", () => {
  expect(innerFilter(one)).toBe("net 172.30.1.2");
  expect(innerFilter(two)).toBe(
    "(src net 172.30.1.2 or src net 172.30.2.2) and (dst net 172.30.1.2 or dst net 172.30.2.2)",
  );
  expect(innerFilter({ containers: [A, BLOCK], hidden: [] })).toContain("src net 172.30.2.0/24");
});

test("what hides behind its host counts where a container is at the other end", () => {
  const hidden = [cidrOf("10.0.0.1/32")];
  expect(innerFilter({ containers: [A, B], hidden })).toBe(
    "(src net 172.30.1.2 or src net 172.30.2.2 or src net 10.0.0.1) and " +
      "(dst net 172.30.1.2 or dst net 172.30.2.2 or dst net 10.0.0.1) and (net 172.30.1.2 or net 172.30.2.2)",
  );
});

test("a tunnel's packets are known by the addresses inside, encrypted ones by the hosts", () => {
  expect(outerFilter(two, NO_TUNNEL)).toBeUndefined();
  expect(outerFilter(one, { ...NO_TUNNEL, vxlan: [4789] })).toBe(
    "(udp dst port 4789 and (udp[42:4] = 0xac1e0102 or udp[46:4] = 0xac1e0102))",
  );
  expect(outerFilter({ containers: [A, BLOCK], hidden: [] }, { ...NO_TUNNEL, ipip: true })).toBe(
    "(ip proto 4 and ((ip[32:4] = 0xac1e0102 or ip[32:4] & 0xffffff00 = 0xac1e0200) and " +
      "(ip[36:4] = 0xac1e0102 or ip[36:4] & 0xffffff00 = 0xac1e0200)))",
  );
  expect(outerFilter(two, { ...NO_TUNNEL, wireguard: [51820], hosts: ["10.0.0.2"] })).toBe(
    "(udp port 51820 and (host 10.0.0.2))",
  );
});

test("the user's own expression stands in brackets beside it", () => {
  expect(narrowed("net 172.30.1.2", "tcp or udp")).toBe("(net 172.30.1.2) and (tcp or udp)");
  expect(narrowed("net 172.30.1.2", undefined)).toBe("net 172.30.1.2");
});
