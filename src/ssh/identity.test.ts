import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readIdentities } from "./identity.ts";
import type { Resolved } from "./resolve.ts";

const folder = mkdtempSync(join(tmpdir(), "xhost-identity-"));
afterAll(() => rmSync(folder, { recursive: true }));

const keyFile = (name: string, ...how: string[]): string => {
  const file = join(folder, name);
  execFileSync("ssh-keygen", ["-q", "-f", file, ...how]);
  return file;
};
const read = (file: string, requiredIdentity?: string) =>
  readIdentities({ identityFiles: [file], requiredIdentity } as unknown as Resolved);
const encrypted = "is encrypted, load it with ssh-add";

test.each([
  ["an ed25519 key", ["-t", "ed25519", "-N", ""], undefined],
  ["an RSA key", ["-t", "rsa", "-b", "2048", "-N", ""], undefined],
  ["an ECDSA key in PEM", ["-t", "ecdsa", "-b", "256", "-m", "PEM", "-N", ""], undefined],
  ["an encrypted key", ["-t", "ed25519", "-N", "secret"], encrypted],
  ["an encrypted key in PEM", ["-t", "ecdsa", "-b", "256", "-m", "PEM", "-N", "secret"], encrypted],
  ["an encrypted key in PKCS 8", ["-t", "ecdsa", "-b", "256", "-m", "PKCS8", "-N", "secret"], encrypted],
])("%s", async (name, how, unusable) => {
  const file = keyFile(name, ...how);
  const [identity] = await read(file);
  expect(identity).toMatchObject({ file, unusable });
  expect(identity?.blob?.toString("base64")).toBe(readFileSync(`${file}.pub`, "utf8").split(" ")[1]);
});

test("an encrypted key is known by its public half even without a .pub file", async () => {
  const file = keyFile("alone", "-t", "ed25519", "-N", "secret");
  const blob = readFileSync(`${file}.pub`, "utf8").split(" ")[1];
  rmSync(`${file}.pub`);
  expect((await read(file))[0]?.blob?.toString("base64")).toBe(blob);
});

test("a public key alone picks the agent's key", async () => {
  const file = keyFile("agent", "-t", "ed25519", "-N", "");
  renameSync(file, `${file}.gone`);
  expect(await read(file, file)).toMatchObject([{ key: undefined, unusable: "there is only its public half" }]);
  expect(await read(`${file}.pub`)).toMatchObject([{ key: undefined, unusable: "holds only the public key" }]);
});

test("a missing file is an error only where the inventory names it", async () => {
  const file = join(folder, "none");
  expect(await read(file)).toEqual([]);
  await expect(read(file, file)).rejects.toThrow(`identity file ${file} does not exist`);
});

test("a file that is no key is told as such", async () => {
  const file = join(folder, "odd");
  writeFileSync(file, "not a key");
  expect((await read(file))[0]?.unusable).toContain("is of a kind that is not supported");
});
