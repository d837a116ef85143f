import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { filterOf, markOf, proberScript } from "./prober-script.ts";

const run = "0123456789abcdef";

/** What the kernel does with the filter's few instructions: bytes of the packet that the socket gets. */
const filtered = (packet: Buffer): number => {
  const program = filterOf(markOf(run));
  let [a, x] = [0, 0];
  for (let at = 0; ; at++) {
    const [code, ifTrue, ifFalse, value] = program[at]!;
    if (code === 0x01) x = value;
    else if (code === 0x30) a = packet[value]!;
    else if (code === 0x15) at += a === value ? ifTrue : ifFalse;
    else if (code === 0x06) return value;
    else if (x + value + 4 > packet.length) return 0;
    else a = packet.readUInt32BE(x + value);
  }
};

const packet = (protocol: number, headers: number, mark: string): Buffer => {
  const head = Buffer.alloc(headers);
  head[9] = protocol;
  return Buffer.concat([head, Buffer.from(mark, "hex"), Buffer.alloc(6)]);
};

test.each([
  ["ICMP", 1, 28],
  ["UDP", 17, 28],
  ["IP in IP", 4, 40],
])("probes over %s pass the filter, those of other runs do not", (_title, protocol, headers) => {
  expect(filtered(packet(protocol, headers, markOf(run)))).toBe(96);
  for (const other of ["1123456789abcdef", "0123456689abcdef", "0123456789abcdee"])
    expect(filtered(packet(protocol, headers, markOf(other)))).toBe(0);
  expect(filtered(packet(protocol, headers, markOf(run).replace(/^0078/, "0079")))).toBe(0);
  expect(filtered(packet(protocol, headers - 4, markOf(run)))).toBe(0);
});

test("a packet too short for a mark does not pass", () => {
  expect(filtered(Buffer.alloc(30))).toBe(0);
});

test("whoever listens on the port takes a probe for neither VXLAN nor WireGuard", () => {
  const first = Buffer.from(markOf(run), "hex")[0]!;
  expect(first & 0x08).toBe(0);
  expect([1, 2, 3, 4]).not.toContain(first);
});

test("without Perl and Python the script says so", () => {
  const said = execFileSync("/bin/sh", ["-s"], {
    input: proberScript({ id: run, life: 60 }),
    env: { PATH: "/nowhere" },
    encoding: "utf8",
  });
  expect(said).toBe("E there is neither perl nor python3: install one of them\n");
});
