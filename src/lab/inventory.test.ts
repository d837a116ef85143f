import { expect, test } from "vitest";
import { parse } from "yaml";
import { inventoryText } from "./inventory.ts";

const lab = {
  name: "demo",
  folder: "/a b/.xhost/lab/demo",
  relay: "nc %h %p",
  hosts: [
    { name: "h1", address: "10.211.55.11", engine: "machine" },
    { name: "h2", address: "10.211.55.12", engine: "debian-sid" },
  ],
} as const;

test("the inventory is YAML that names every host, its way in and a container on it", () => {
  const container = { network: "app", image: "xhost-lab:1", command: ["sleep", "infinity"] };
  expect(parse(inventoryText(lab))).toEqual({
    name: "demo",
    defaults: {
      ssh: {
        user: "root",
        identityFile: "/a b/.xhost/lab/demo/id_ed25519",
        userKnownHostsFile: "/a b/.xhost/lab/demo/known_hosts",
        proxyCommand: "nsenter --net=/run/netns/xhost-demo nc %h %p",
      },
    },
    hosts: { h1: { ssh: { host: "10.211.55.11" } }, h2: { ssh: { host: "10.211.55.12" } } },
    networks: { app: { pool: "172.30.0.0/16", prefix: 24, plane: "route" } },
    containers: { c1: { host: "h1", ...container }, c2: { host: "h2", ...container } },
  });
});

test("hosts on several segments, which plain routes do not join, have the plane measured", () => {
  const hosts = [lab.hosts[0], { ...lab.hosts[1], address: "10.211.56.12" }];
  expect(parse(inventoryText({ ...lab, hosts }))).toMatchObject({
    hosts: { h2: { ssh: { host: "10.211.56.12" } } },
    networks: { app: { pool: "172.30.0.0/16", prefix: 24 } },
  });
  expect(inventoryText({ ...lab, hosts })).not.toContain("plane");
});
