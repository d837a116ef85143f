import { KeyObject, randomBytes } from "node:crypto";
import { createRequire } from "node:module";
import type { Client } from "ssh2";
import { expect, test } from "vitest";
import { keepKeysAsObjects } from "./secret-keys.ts";

/** What of ssh2's own is used here; there are no types of it. */
type Crypto = {
  readonly createCipher: (config: unknown) => Cipher;
  readonly createDecipher: (config: unknown) => { readonly decrypt: (data: Buffer, from: number, to: number) => void };
  readonly CIPHER_INFO: Readonly<Record<string, { readonly keyLen: number; readonly ivLen: number }>>;
};
type Cipher = { readonly allocPacket: (length: number) => Buffer; readonly encrypt: (packet: Buffer) => void };

const load = createRequire(import.meta.url);
const { createCipher, createDecipher, CIPHER_INFO } = load("ssh2/lib/protocol/crypto.js") as Crypto;

test.each(["aes128-gcm@openssh.com", "aes256-gcm@openssh.com"])("%s: the same packets with keys as objects", (name) => {
  const info = CIPHER_INFO[name] ?? expect.fail("ssh2 does not have it");
  const [key, iv] = [randomBytes(info.keyLen), randomBytes(info.ivLen)];
  const [written, read]: [Buffer[], Buffer[]] = [[], []];
  const sides = () => ({
    _cipher: createCipher({
      outbound: {
        ...{ onWrite: (data: Buffer) => written.push(data), cipherInfo: info, seqno: 0, forceNative: true },
        ...{ cipherKey: Buffer.from(key), cipherIV: Buffer.from(iv) },
      },
    }),
    _decipher: createDecipher({
      inbound: {
        ...{ onPayload: (data: Buffer) => void read.push(Buffer.from(data)), decipherInfo: info, seqno: 0 },
        ...{ decipherKey: Buffer.from(key), decipherIV: Buffer.from(iv), forceNative: true },
      },
    }),
  });
  const [plain, kept] = [sides(), sides()];
  keepKeysAsObjects({ _protocol: kept } as unknown as Client);
  expect(kept).toMatchObject({
    _cipher: { _encKey: expect.any(KeyObject) as KeyObject },
    _decipher: { _decipherKey: expect.any(KeyObject) as KeyObject },
  });
  // To and fro: what one of them wrote is read by the other, several packets, since the IV counts.
  for (const [from, to] of [[kept, plain] as const, [plain, kept] as const])
    for (const text of ["first", "second"]) {
      const packet = from._cipher.allocPacket(text.length);
      packet.write(text, 5);
      written.length = 0;
      from._cipher.encrypt(packet);
      const sent = Buffer.concat(written);
      to._decipher.decrypt(sent, 0, sent.length);
    }
  expect(read.map(String)).toEqual(["first", "second", "first", "second"]);
});

test("what has another form is left as it is", () => {
  for (const other of [{}, { _protocol: {} }, { _protocol: { _cipher: { _encKey: "text" } } }]) {
    const before = structuredClone(other);
    keepKeysAsObjects(other as unknown as Client);
    expect(other).toEqual(before);
  }
});
