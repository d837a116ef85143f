import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { decision, hostKeyAlgorithms } from "./host-key.ts";
import { fingerprint, knownHostLine, knownHostName, parseKnownHosts, verdict } from "./known-hosts.ts";
import type { Resolved } from "./resolve.ts";

const folder = mkdtempSync(join(tmpdir(), "xhost-known-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Real keys: `type base64`. */
const keyOf = (name: string, type: string): string => {
  const file = join(folder, name);
  execFileSync("ssh-keygen", ["-q", "-t", type, ...(type === "rsa" ? ["-b", "2048"] : []), "-N", "", "-f", file]);
  return readFileSync(`${file}.pub`, "utf8").split(" ").slice(0, 2).join(" ");
};
const [key, other, rsa] = [keyOf("a", "ed25519"), keyOf("b", "ed25519"), keyOf("c", "rsa")];
const blob = (line: string): Buffer => Buffer.from(line.split(" ")[1]!, "base64");
const hashed = (line: string): string => {
  const file = join(folder, "hash");
  writeFileSync(file, line);
  execFileSync("ssh-keygen", ["-q", "-H", "-f", file], { stdio: "ignore" });
  const text = readFileSync(file, "utf8");
  expect(text).toMatch(/^\|1\|/);
  return text;
};

test.each([
  ["plain", `h1 ${key}`, "h1", "trusted"],
  ["one of several names", `a,h1,b ${key} comment here`, "h1", "trusted"],
  ["another name", `h2 ${key}`, "h1", "unknown"],
  ["upper case", `H1 ${key}`, "h1", "trusted"],
  ["hashed", hashed(`h1 ${key}\n`), "h1", "trusted"],
  ["hashed, another name", hashed(`h2 ${key}\n`), "h1", "unknown"],
  ["hashed with port", hashed(`[h1]:22022 ${key}\n`), "[h1]:22022", "trusted"],
  ["hashed, changed", hashed(`h1 ${other}\n`), "h1", "changed"],
  ["port", `[h1]:22022 ${key}`, "[h1]:22022", "trusted"],
  ["port, without one in the file", `h1 ${key}`, "[h1]:22022", "unknown"],
  ["star", `*.test ${key}`, "h1.test", "trusted"],
  ["star is not a dot", `*.test ${key}`, "h1test", "unknown"],
  ["question mark", `h? ${key}`, "h1", "trusted"],
  ["question mark is one character", `h? ${key}`, "h12", "unknown"],
  ["brackets are no wildcard", `[h*]:22022 ${key}`, "[h1]:22022", "trusted"],
  ["negation", `*,!h1 ${key}`, "h1", "unknown"],
  ["negation before", `!h1,* ${key}`, "h1", "unknown"],
  ["negation of another", `*,!h2 ${key}`, "h1", "trusted"],
  ["changed", `h1 ${other}`, "h1", "changed"],
  ["changed in one line, right in another", `h1 ${other}\nh1 ${key}`, "h1", "trusted"],
  ["another type only", `h1 ${rsa}`, "h1", "unknown"],
  ["revoked", `h1 ${key}\n@revoked * ${key}`, "h1", "revoked"],
  ["revoked is another key", `h1 ${key}\n@revoked * ${other}`, "h1", "trusted"],
  ["certificate authority", `@cert-authority * ${key}`, "h1", "unknown"],
  ["comments and broken lines", `# h1 ${key}\n\nh1\n@odd h1 ${key}`, "h1", "unknown"],
  ["blanks and carriage returns", `\t h1   ${key.replace(" ", "  ")} \r\n`, "h1", "trusted"],
])("%s", (_name, text, host, kind) => {
  expect(verdict(parseKnownHosts(text, "f"), host, blob(key)).kind).toBe(kind);
});

test("a change is placed by file and line", () => {
  expect(verdict(parseKnownHosts(`# x\n\nh1 ${other}`, "f"), "h1", blob(key))).toMatchObject({
    entry: { file: "f", line: 3 },
  });
});

test.each([
  [{ hostname: "H1", port: 22, hostKeyAlias: undefined }, "h1"],
  [{ hostname: "10.0.0.1", port: 2222, hostKeyAlias: undefined }, "[10.0.0.1]:2222"],
  [{ hostname: "::1", port: 2222, hostKeyAlias: undefined }, "[::1]:2222"],
  [{ hostname: "h1", port: 2222, hostKeyAlias: "Web" }, "web"],
])("%j is listed as %s", (host, name) => {
  expect(knownHostName(host)).toBe(name);
});

test("fingerprints are those of ssh-keygen", () => {
  const said = execFileSync("ssh-keygen", ["-lf", join(folder, "a.pub")], { encoding: "utf8" });
  expect(said).toContain(` ${fingerprint(blob(key))} `);
});

test.each([
  ["plain", undefined],
  ["hashed", Buffer.alloc(20, 7)],
])("ssh-keygen finds a line written here, %s", (name, salt) => {
  const file = join(folder, name);
  writeFileSync(file, knownHostLine("[h1]:22022", blob(key), salt));
  expect(execFileSync("ssh-keygen", ["-F", "[h1]:22022", "-f", file], { encoding: "utf8" })).toContain(key);
});

const config = (port: number, strict: Resolved["strictHostKeyChecking"], alias?: string): Resolved =>
  ({ hostname: "h1", port, strictHostKeyChecking: strict, hostKeyAlias: alias, userKnownHostsFiles: ["f"] }) as never;

test.each([
  ["yes", `h1 ${key}`, "accept"],
  ["yes", "", "refuse"],
  ["ask", "", "refuse"],
  ["accept-new", "", "save"],
  ["no", "", "save"],
  ["yes", `h1 ${other}`, "refuse"],
  ["accept-new", `h1 ${other}`, "refuse"],
  ["no", `h1 ${other}`, "accept"],
  ["no", `@revoked h1 ${key}`, "refuse"],
] as const)("strictHostKeyChecking %s with %.20j: %s", (strict, text, kind) => {
  expect(decision(config(22, strict), parseKnownHosts(text, "f"), blob(key)).kind).toBe(kind);
});

test.each([
  ["the same key without its port is enough", `h1 ${key}`, undefined, "accept"],
  ["another key without its port says nothing", `h1 ${other}`, undefined, "refuse"],
  ["a revoked one does", `[h1]:2222 ${key}\n@revoked h1 ${key}`, undefined, "refuse"],
  ["an alias has no port", `h1 ${key}`, "h9", "refuse"],
])("off port 22 %s", (_name, text, alias, kind) => {
  expect(decision(config(2222, "yes", alias), parseKnownHosts(text, "f"), blob(key)).kind).toBe(kind);
});

test("the types of known keys are asked for first", () => {
  const asked = hostKeyAlgorithms(config(22, "yes"), parseKnownHosts(`h1 ${rsa}\nh2 ${key}`, "f"));
  expect(asked.slice(0, 3)).toEqual(["rsa-sha2-512", "rsa-sha2-256", "ssh-ed25519"]);
  expect(hostKeyAlgorithms(config(22, "yes"), [])[0]).toBe("ssh-ed25519");
});
