import { homedir } from "node:os";
import { afterEach, expect, test, vi } from "vitest";
import type { SshOptions } from "../inventory/inventory.ts";
import { jumpConfig, parseJump, resolveSsh } from "./resolve.ts";
import { expandTokens } from "./tokens.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

test.each([
  ["bastion", { host: "bastion" }],
  ["ops@bastion", { host: "bastion", user: "ops" }],
  ["ops@bastion:2222", { host: "bastion", user: "ops", port: 2222 }],
  ["[::1]:33", { host: "::1", port: 33 }],
  ["fe80::1", { host: "fe80::1" }],
  ["a@b@c", { host: "c", user: "a@b" }],
  ["ssh://ops@bastion:22/", { host: "bastion", user: "ops", port: 22 }],
])("ProxyJump %s", (text, expected) => {
  expect(parseJump(text)).toEqual({ user: undefined, port: undefined, ...expected });
});

test.each([
  ["nc %h %p", "nc h1 22"],
  ["100%% %x %h", "100% %x h1"],
  ["%%h", "%h"],
])("tokens of %s", (text, expected) => {
  expect(expandTokens(text, { h: "h1", p: "22" })).toBe(expected);
});

const options: SshOptions = {
  host: "h1.test",
  port: 2222,
  user: "ops",
  identityFile: '~/my "keys"\\/id',
  userKnownHostsFile: "/tmp/known hosts",
  strictHostKeyChecking: "accept-new",
  proxyCommand: `nc "%h" %p # 'x'`,
};
const expected = {
  alias: "h1.test",
  hostname: "h1.test",
  port: 2222,
  user: "ops",
  identityFiles: [`${homedir()}/my "keys"\\/id`],
  requiredIdentity: `${homedir()}/my "keys"\\/id`,
  userKnownHostsFiles: ["/tmp/known hosts"],
  strictHostKeyChecking: "accept-new",
  proxyCommand: `nc "%h" %p # 'x'`,
  proxyJump: undefined,
};

test("the inventory's words pass through ssh unharmed", async () => {
  expect(await resolveSsh({ name: "h1", ssh: options })).toMatchObject(expected);
});

test("a controller without ssh comes to the same", async () => {
  vi.stubEnv("PATH", "/nowhere");
  expect(await resolveSsh({ name: "h1", ssh: options })).toMatchObject(expected);
  const bare = await resolveSsh({ name: "h1", ssh: { host: "h1", proxyJump: "b" } });
  expect(bare).toMatchObject({ port: 22, proxyJump: "b", strictHostKeyChecking: "ask" });
  expect(bare.identityFiles).toContain(`${homedir()}/.ssh/id_ed25519`);
});

test("what ssh refuses is the user's to mend", async () => {
  await expect(resolveSsh({ name: "h1", ssh: { host: "-oProxyCommand=x" } })).rejects.toThrow(
    /^h1: read the ssh configuration of -oProxyCommand=x: .*255.*\nhostname contains invalid characters$/,
  );
});

test("a jump host takes from the inventory only what its own configuration leaves open", async () => {
  const open = await resolveSsh({ name: "h1", ssh: { host: "bastion", user: "me", port: 22 } });
  const jump = jumpConfig(open, options);
  expect(jump).toMatchObject({ user: "me", port: 22, strictHostKeyChecking: "accept-new" });
  expect(jump.identityFiles).toEqual([...open.identityFiles, expected.requiredIdentity]);
  expect(jump.userKnownHostsFiles[0]).toBe("/tmp/known hosts");
  expect(jumpConfig(open, { host: "h1" }).strictHostKeyChecking).toBe("yes");
  expect(jumpConfig({ ...open, strictHostKeyChecking: "yes" }, options).strictHostKeyChecking).toBe("yes");
});
