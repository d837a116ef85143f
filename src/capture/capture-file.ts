import { constants } from "node:fs";
import { open, stat, type FileHandle } from "node:fs/promises";
import { XhostError } from "../errors.ts";

/** A file or FIFO that is open for packets. */
export type CaptureFile = { readonly write: (bytes: Buffer) => Promise<void>; readonly close: () => Promise<void> };

/** First bytes of pcapng, and of pcap in its four forms (pcap-savefile(5)). */
const MAGIC = new Set([0x0a0d0d0a, 0xa1b2c3d4, 0xd4c3b2a1, 0xa1b23c4d, 0x4d3cb2a1]);

/**
 * Opens it, mode 0600 where it is new: what people say to each other is in it. An earlier capture is written over, as tcpdump does; an
 * INVENTORY error for a file that is something else.
 */
export const openCapture = async (path: string, shown: string): Promise<CaptureFile> => {
  const isFile = await stat(path).then(
    (found) => found.isFile(),
    () => true,
  );
  // Whoever opens a FIFO for reading too never learns that its reader has gone.
  const flags = isFile ? constants.O_RDWR | constants.O_CREAT : constants.O_WRONLY;
  const file = await open(path, flags, 0o600).catch((cause: unknown) => {
    throw new XhostError("INVENTORY", `${shown}: cannot be written: ${(cause as Error).message}`, { cause });
  });
  try {
    if (isFile) await empty(file, shown);
  } catch (error) {
    await file.close();
    throw error;
  }
  return { write: (bytes) => writeAll(file, bytes), close: () => file.close() };
};

const empty = async (file: FileHandle, shown: string): Promise<void> => {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
  if (bytesRead > 0 && (bytesRead < 4 || !MAGIC.has(buffer.readUInt32BE(0))))
    throw new XhostError("INVENTORY", `${shown}: is there already and is no capture: name another file, or remove it`);
  await file.truncate(0);
};

/** `write` of a handle may take a part only; no position: a FIFO has none. */
const writeAll = async (file: FileHandle, bytes: Buffer): Promise<void> => {
  for (let at = 0; at < bytes.length;) at += (await file.write(bytes, at)).bytesWritten;
};
