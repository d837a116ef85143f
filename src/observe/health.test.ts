import { expect, test } from "vitest";
import { parseHealth } from "./health.ts";

const at = { sent: 1_763_848_000, got: 1_763_848_001 };
const text = (parts: Readonly<Record<string, string>>): string =>
  Object.entries(parts)
    .map(([name, lines]) => `\u001e${name}\n${lines}\n`)
    .join("");

test("what a Debian host with Docker says, which has none of the programs", () => {
  const said = text({
    clock: "1763848000.500000000",
    conntrack: "41\n262144",
    neighbours: "3\n1024",
    ...{ networkd: "", manager: "", ufw: "", firewalld: "" },
  });
  expect(parseHealth(said, at)).toEqual({
    clock: { ahead: 0, error: 0.5 },
    conntrack: { count: 41, max: 262144 },
    neighbours: { count: 3, max: 1024 },
    networkd: undefined,
    networkManager: [],
    ufw: false,
    firewalld: false,
  });
});

test("what an Ubuntu server says", () => {
  const said = text({
    clock: "1763848010.500000000",
    conntrack: "",
    neighbours: "1020\n1024",
    networkd: "foreign \ndevice eth0\ndevice eth1",
    manager:
      "eth0:connected\nxh-demo-vxlan:disconnected\nbr-1:connected (externally)\nveth1:unmanaged\nodd\\:name:connecting (prepare)",
    ufw: "active",
    firewalld: "active",
  });
  expect(parseHealth(said, at)).toEqual({
    clock: { ahead: 10, error: 0.5 },
    conntrack: undefined,
    neighbours: { count: 1020, max: 1024 },
    networkd: { devices: ["eth0", "eth1"], managesForeignRoutes: true },
    networkManager: ["eth0", "xh-demo-vxlan", "odd:name"],
    ufw: true,
    firewalld: true,
  });
});

test.each([
  ["foreign no\ndevice eth0", false],
  ["foreign false\ndevice eth0", false],
  ["foreign yes\ndevice eth0", true],
  ["foreign \ndevice eth0", true],
])("networkd with %j takes foreign routes away: %s", (lines, manages) => {
  expect(parseHealth(text({ networkd: lines }), at).networkd?.managesForeignRoutes).toBe(manages);
});

test("a clock without fractions of a second is that much less certain", () => {
  expect(parseHealth(text({ clock: "1763848000" }), at).clock).toEqual({ ahead: 0, error: 1 });
  expect(parseHealth(text({ clock: "1763848000.%N" }), at).clock).toEqual({ ahead: 0, error: 1 });
});
