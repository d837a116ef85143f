import fc from "fast-check";
import { expect, test } from "vitest";
import { packetText } from "./packet-text.ts";

const PORTS = { vxlan: 4789, wireguard: [51820] };
const text = (hex: string, linkType = 1): string =>
  packetText(linkType, Buffer.from(hex.replaceAll(/\s/g, ""), "hex"), PORTS);

const ETHERNET = "020000000002 020000000001 0800";
const ipv4 = (protocol: string, payload: string): string => {
  const length = (20 + payload.replaceAll(/\s/g, "").length / 2).toString(16).padStart(4, "0");
  return `4500 ${length} 0001 0000 40 ${protocol} 0000 ac1e0102 ac1e0203 ${payload}`;
};
const ECHO = ipv4("01", "0800 0000 0007 0003 6162");

const CASES: readonly (readonly [string, string])[] = [
  [`${ETHERNET} ${ECHO}`, "172.30.1.2 > 172.30.2.3 icmp echo request id 7 seq 3"],
  [`${ETHERNET} ${ipv4("01", "0304 0000 0000 0578")}`, "172.30.1.2 > 172.30.2.3 icmp unreachable: too big, mtu 1400"],
  [
    `${ETHERNET} ${ipv4("06", "c000 0050 00000001 00000000 5002 ffff 0000 0000")}`,
    "172.30.1.2:49152 > 172.30.2.3:80 tcp SYN seq 1 ack 0 0 bytes",
  ],
  [`${ETHERNET} ${ipv4("11", "c000 0035 000a 0000 6162")}`, "172.30.1.2:49152 > 172.30.2.3:53 udp 2 bytes"],
  [
    `${ETHERNET} ${ipv4("11", `c000 12b5 0000 0000 08000000 00002a00 ${ETHERNET} ${ECHO}`)}`,
    "172.30.1.2 > 172.30.2.3 vxlan 42: 172.30.1.2 > 172.30.2.3 icmp echo request id 7 seq 3",
  ],
  [
    `${ETHERNET} ${ipv4("04", ECHO)}`,
    "172.30.1.2 > 172.30.2.3 ipip: 172.30.1.2 > 172.30.2.3 icmp echo request id 7 seq 3",
  ],
  [`${ETHERNET} ${ipv4("11", "ca6c ca6c 0028 0000 04000000")}`, "172.30.1.2 > 172.30.2.3 wireguard data 32 bytes"],
  [
    "ffffffffffff 020000000001 0806 0001 0800 0604 0001 020000000001 ac1e0102 000000000000 ac1e0101",
    "arp who has 172.30.1.1, tell 172.30.1.2",
  ],
  [
    "020000000002 020000000001 0806 0001 0800 0604 0002 020000000001 ac1e0102 020000000002 ac1e0101",
    "arp 172.30.1.2 is at 02:00:00:00:00:01",
  ],
  [`020000000002 020000000001 8100 0005 0800 ${ECHO}`, "vlan 5 172.30.1.2 > 172.30.2.3 icmp echo request id 7 seq 3"],
  ["020000000002 020000000001 88cc 0000", "ethertype 0x88cc"],
  [`${ETHERNET} 4500 0014`, "cut short, 18 bytes"],
];

test.each(CASES)("%s is read", (hex, said) => {
  expect(text(hex)).toBe(said);
});

test("a packet without an Ethernet header is read too", () => {
  expect(text(ECHO, 101)).toBe("172.30.1.2 > 172.30.2.3 icmp echo request id 7 seq 3");
});

test("whatever the bytes are, there is one line", () => {
  fc.assert(
    fc.property(fc.constantFrom(1, 101, 113, 276, 147), fc.uint8Array({ maxLength: 120 }), (linkType, bytes) => {
      expect(packetText(linkType, Buffer.from(bytes), PORTS)).toMatch(/^.+$/);
      const ip = Buffer.concat([Buffer.from(ETHERNET.replaceAll(" ", ""), "hex"), Buffer.from(bytes)]);
      expect(packetText(1, ip, PORTS)).toMatch(/^.+$/);
    }),
  );
});
