import { createReadStream } from "node:fs";
import { request } from "node:http";
import { pipeline } from "node:stream/promises";
import { text } from "node:stream/consumers";
import type { IncomingMessage } from "node:http";
import { XhostError } from "../errors.ts";
import { labImage } from "./names.ts";

/**
 * The engine's version, or undefined while it does not answer. `pid` is any process in the host's mount namespace: a socket is
 * found by its path, whatever network namespace asks (unix(7)), so no program has to be started for it.
 */
export const engineVersion = async (pid: number): Promise<string | undefined> => {
  try {
    const response = await ask(pid, "GET", "/version");
    return (JSON.parse(await text(response)) as { Version?: string }).Version;
  } catch {
    return undefined;
  }
};

/** What `docker import` does, on the host of that process: the tar becomes the lab's image, unless that is there already. */
export const importImage = async (pid: number, tar: string): Promise<void> => {
  const inspected = await ask(pid, "GET", `/images/${labImage}/json`);
  await text(inspected);
  if (inspected.statusCode === 200) return;
  const query = new URLSearchParams({
    fromSrc: "-",
    repo: labImage.split(":")[0] ?? "",
    tag: labImage.split(":")[1] ?? "",
  });
  query.append("changes", 'CMD ["sleep","infinity"]');
  query.append("changes", "ENV PATH=/bin");
  const response = await ask(pid, "POST", `/images/create?${query.toString()}`, tar);
  const answer = await text(response);
  if (response.statusCode !== 200 || answer.includes('"errorDetail"'))
    throw new XhostError("REMOTE", `importing ${labImage} failed: ${answer}`);
};

const ask = async (pid: number, method: string, path: string, body?: string): Promise<IncomingMessage> => {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const asking = request({ socketPath: `/proc/${pid}/root/run/docker.sock`, method, path, timeout: 20_000 }, resolve);
  asking.on("error", reject);
  asking.on("timeout", () => asking.destroy(new Error("no answer in 20 s")));
  if (body === undefined) asking.end();
  else await pipeline(createReadStream(body), asking);
  return await promise;
};
