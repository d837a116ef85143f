import { describe, expect, it } from "vitest";
import { parseInventory } from "./parse.ts";

const parse = (text: string, env: Record<string, string> = {}) => parseInventory(text, { file: "i.yml", env });
const hosts = "name: demo\nhosts: { h1: 10.0.0.1, h2: 10.0.0.2 }\n";
const app = `${hosts}networks: { app: { pool: 172.30.0.0/16, plane: route } }\n`;

describe("what an inventory means", () => {
  it("takes IPv6 addresses and `user@host` for hosts, and one proxy instead of the other of the defaults", () => {
    const { hosts } = parse(
      "name: demo\ndefaults: { ssh: { proxyJump: a } }\nhosts: { h1: 'fe80::1', h2: { ssh: { host: u@b, proxyCommand: c } } }",
    );
    expect(hosts.map(({ ssh }) => ssh)).toEqual([
      { host: "fe80::1", proxyJump: "a" },
      { host: "u@b", proxyCommand: "c" },
    ]);
  });
  it("fills in defaults, hosts' own keys winning", () => {
    const { hosts } = parse(
      "name: demo\ndefaults: { ssh: { user: root, port: 22 }, become: none }\nhosts: { h1: 10.0.0.1, h2: { ssh: { host: x, port: 2222 }, become: sudo } }",
    );
    expect(hosts[0]).toEqual({
      name: "h1",
      ssh: { host: "10.0.0.1", user: "root", port: 22 },
      become: "none",
      dockerSocket: "/var/run/docker.sock",
    });
    expect(hosts[1]).toMatchObject({ ssh: { host: "x", user: "root", port: 2222 }, become: "sudo" });
  });
  it("names containers by host where there are several, and checks every pair", () => {
    const { containers, checks } = parse(
      `${app}containers: { web: { host: h1, network: app, image: i }, db: { hosts: all, network: app, image: i } }`,
    );
    expect(containers.map((c) => c.ref)).toEqual(["web", "db@h1", "db@h2"]);
    expect(checks.map((c) => `${c.from}>${c.to}`)).toEqual([
      "web>db@h1",
      "web>db@h2",
      "db@h1>web",
      "db@h1>db@h2",
      "db@h2>web",
      "db@h2>db@h1",
    ]);
  });
  it("reads the environment, and unquoted numbers as numbers", () => {
    const text = 'name: ${N}\nhosts: { h1: { ssh: { host: a, port: "${P:-2222}" } } }';
    const inventory = parse(text, { N: "demo" });
    expect(inventory.name).toBe("demo");
    expect(inventory.hosts[0]!.ssh.port).toBe(2222);
  });
  it("leaves $$ and bare $ to the container", () => {
    const { containers } = parse(
      `${app}containers: { web: { host: h1, network: app, image: i, command: [sh, -c, "echo $$\{A} $1"] } }`,
    );
    expect(containers[0]!.service.command).toEqual(["sh", "-c", "echo ${A} $1"]);
  });
});
