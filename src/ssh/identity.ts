import { readFile } from "node:fs/promises";
import ssh2, { type ParsedKey } from "ssh2";
import { XhostError } from "../errors.ts";
import type { Resolved } from "./resolve.ts";

/** An identity file as far as it can be used: to sign with, or only to pick the same key from the agent. */
export type Identity = {
  readonly file: string;
  /** Public half, the blob of the SSH protocol; absent when even that cannot be read. */
  readonly blob: Buffer | undefined;
  readonly key: ParsedKey | undefined;
  /** Why there is no `key`. */
  readonly unusable: string | undefined;
};

/** Reads the identity files that exist. One that the inventory names must be there, if only as `FILE.pub`. */
export const readIdentities = async (config: Resolved): Promise<readonly Identity[]> => {
  const read = await Promise.all(config.identityFiles.map(readIdentity));
  const required = config.identityFiles.findIndex((file) => file === config.requiredIdentity);
  if (required >= 0 && read[required] === undefined) {
    throw new XhostError("INVENTORY", `identity file ${config.requiredIdentity ?? ""} does not exist`);
  }
  return read.filter((identity) => identity !== undefined);
};

const readIdentity = async (file: string): Promise<Identity | undefined> => {
  const [text, publicText] = await Promise.all([read(file), read(`${file}.pub`)]);
  const blob = (text instanceof Buffer ? publicBlob(text) : undefined) ?? parsed(publicText)?.getPublicSSH();
  if (text instanceof Buffer) {
    const key = parsed(text);
    if (key?.isPrivateKey()) return { file, blob: key.getPublicSSH(), key, unusable: undefined };
    const why = key === undefined ? reason(text) : "holds only the public key";
    return { file, blob: key?.getPublicSSH() ?? blob, key: undefined, unusable: why };
  }
  if (text === undefined && blob === undefined) return undefined;
  return {
    file,
    blob,
    key: undefined,
    unusable: text instanceof Error ? text.message : "there is only its public half",
  };
};

/** `undefined` when there is no such file; other troubles are told to the user if no other key is accepted. */
const read = async (file: string): Promise<Buffer | Error | undefined> => {
  try {
    return await readFile(file);
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    return "code" in cause && (cause.code === "ENOENT" || cause.code === "ENOTDIR") ? undefined : cause;
  }
};

const parsed = (text: Buffer | Error | undefined): ParsedKey | undefined => {
  if (!(text instanceof Buffer)) return undefined;
  const key: unknown = ssh2.utils.parseKey(text);
  // The types say one key; ssh2 returns a list for the OpenSSH format.
  const first: unknown = Array.isArray(key) ? key[0] : key;
  return first instanceof Error || first === undefined ? undefined : (first as ParsedKey);
};

const reason = (text: Buffer): string =>
  isEncrypted(text) ? "is encrypted, load it with ssh-add" : "is of a kind that is not supported, load it with ssh-add";

/** Also true for the two PEM formats that ssh-keygen wrote before 7.8. */
const isEncrypted = (text: Buffer): boolean =>
  /^Proc-Type: 4,ENCRYPTED|BEGIN ENCRYPTED PRIVATE KEY/m.test(text.toString("latin1")) ||
  (opensshFields(text)?.cipher ?? "none") !== "none";

/** The OpenSSH format keeps the public half in the clear, so an encrypted key can be found in the agent. */
const publicBlob = (text: Buffer): Buffer | undefined => opensshFields(text)?.blob;

/** PROTOCOL.key of OpenSSH: magic, cipher, kdf, kdf options, number of keys, public key. */
const opensshFields = (text: Buffer): { cipher: string; blob: Buffer } | undefined => {
  const pem = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]+?)-----END/.exec(text.toString("latin1"));
  const bytes = Buffer.from(pem?.[1] ?? "", "base64");
  const fields: Buffer[] = [];
  let at = "openssh-key-v1\0".length;
  while (fields.length < 4 && at + 4 <= bytes.length) {
    if (fields.length === 3) at += 4;
    const length = bytes.readUInt32BE(at);
    fields.push(bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  const [cipher, , , blob] = fields;
  return cipher === undefined || blob === undefined ? undefined : { cipher: cipher.toString("latin1"), blob };
};
