import { expect, test } from "vitest";
import { isFilterTrouble, tcpdumpCounts, tcpdumpTrouble } from "./tcpdump.ts";

const END = `tcpdump: listening on eth0, link-type EN10MB (Ethernet), snapshot length 262144 bytes
12 packets captured
1 packet received by filter
3 packets dropped by kernel
`;

test("the counts at its end are read", () => {
  expect(tcpdumpCounts(END)).toEqual({ captured: 12, received: 1, dropped: 3 });
  expect(tcpdumpCounts("Killed")).toEqual({ captured: undefined, received: undefined, dropped: undefined });
});

test("its last words are those that are neither greeting nor counts", () => {
  expect(tcpdumpTrouble(END)).toBe("");
  expect(tcpdumpTrouble(`${END}tcpdump: pcap_loop: The interface disappeared\n`)).toBe(
    "pcap_loop: The interface disappeared",
  );
});

test.each([
  ["tcpdump: can't parse filter expression: syntax error", true],
  ["tcpdump: expression rejects all packets", true],
  ["tcpdump: unknown host 'web'", true],
  ["tcpdump: eth9: No such device exists", false],
  ["tcpdump: pcap_loop: The interface disappeared", false],
])("%s is about the filter: %s", (said, isAboutIt) => {
  expect(isFilterTrouble(said)).toBe(isAboutIt);
});
