import { expect, test } from "vitest";
import { parseSshConfig } from "./config.ts";

test.each([
  ["hostname h1", { hostname: "h1" }],
  ["user ops", { user: "ops" }],
  ["port 2222\nport 22", { port: 2222 }],
  ["", { port: 22, identityFiles: [], strictHostKeyChecking: "ask", connectTimeout: undefined }],
  ["identityfile ~/a b/x\nidentityfile /c", { identityFiles: ["~/a b/x", "/c"] }],
  ["identityfile none", { identityFiles: [] }],
  ["identitiesonly yes", { identitiesOnly: true }],
  ["identityagent none", { identityAgent: "none" }],
  ["proxyjump a@b:2,c", { proxyJump: "a@b:2,c" }],
  ["proxyjump none", { proxyJump: undefined }],
  ['proxycommand nc "a" # x %h %p', { proxyCommand: 'nc "a" # x %h %p' }],
  ["proxycommand none", { proxyCommand: undefined }],
  ["userknownhostsfile /a /b", { userKnownHostsFiles: ["/a", "/b"] }],
  ["userknownhostsfile none", { userKnownHostsFiles: [] }],
  ["globalknownhostsfile /e", { globalKnownHostsFiles: ["/e"] }],
  ["stricthostkeychecking true", { strictHostKeyChecking: "yes" }],
  ["stricthostkeychecking false", { strictHostKeyChecking: "no" }],
  ["stricthostkeychecking off", { strictHostKeyChecking: "no" }],
  ["stricthostkeychecking accept-new", { strictHostKeyChecking: "accept-new" }],
  ["stricthostkeychecking ask", { strictHostKeyChecking: "ask" }],
  ["hostkeyalias al", { hostKeyAlias: "al" }],
  ["hashknownhosts yes", { hashKnownHosts: true }],
  ["serveraliveinterval 30", { serverAliveInterval: 30 }],
  ["connecttimeout none", { connectTimeout: undefined }],
  ["connecttimeout 7", { connectTimeout: 7 }],
  ["ConnectTimeout 7\r", { connectTimeout: 7 }],
])("%j", (text, expected) => {
  expect(parseSshConfig(text)).toMatchObject(expected);
});
