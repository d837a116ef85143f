import { execa } from "execa";
import { expect, test } from "vitest";
import { hostFiles, initScript } from "./init.ts";

const host = { name: "h2", address: "10.211.55.12", engine: "debian-sid" } as const;
const machine = { lab: "demo", host, hosts: [{ ...host, name: "h1", address: "10.211.55.11" }, host] };

test.each([undefined, "/cache/rootfs/debian-sid", "/it's a cache/x"])(
  "init from %s is a shell script",
  async (lower) => {
    await execa("sh", ["-n"], { input: initScript({ ...machine, lower }) });
  },
);

test("a lower folder's quotes cannot end the word", () => {
  expect(initScript({ ...machine, lower: "/it's" })).toContain(String.raw`mount --bind '/it'\''s' lower`);
});

test("a host knows the others by name, and Docker keeps its cgroups in the lab's", () => {
  const files = hostFiles({ ...machine, lower: undefined });
  expect(files["etc/hosts"]).toBe("127.0.0.1 localhost\n10.211.55.11 h1\n10.211.55.12 h2\n");
  expect(JSON.parse(files["daemon.json"] ?? "")).toMatchObject({ "cgroup-parent": "/xhost-demo/h2" });
});
