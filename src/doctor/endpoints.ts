import type { InventoryContainer } from "../inventory/inventory.ts";
import { dockerCall } from "../ssh/docker-call.ts";
import type { Host } from "../ssh/host.ts";
import type { Endpoint } from "./finding.ts";

/** Looks at the containers of a host that checks are about; `dockerNetwork` is the network's name on that host. */
export const endpointsOf = (
  host: Host,
  containers: readonly (InventoryContainer & { readonly dockerNetwork: string })[],
): Promise<readonly Endpoint[]> =>
  Promise.all(
    containers.map(async ({ name, ref, dockerNetwork }) => {
      const container = host.docker.getContainer(name);
      const found = await dockerCall(host, `inspect container ${name}`, container.inspect()).catch(absent);
      if (found === undefined)
        return { ref, host: host.name, address: undefined, pid: 0, state: "there is no such container" };
      const { Pid: pid, Status, ExitCode } = found.State;
      const address = found.NetworkSettings.Networks[dockerNetwork]?.IPAddress;
      const state = pid > 0 ? Status : `${Status}, status ${ExitCode}${await lastWords(host, name)}`;
      return { ref, host: host.name, address, pid, state };
    }),
  );

const absent = (error: unknown): undefined => {
  const cause: unknown = error instanceof Error ? error.cause : undefined;
  if (typeof cause === "object" && cause !== null && "statusCode" in cause && cause.statusCode === 404)
    return undefined;
  throw error;
};

const MAX_WORDS = 160;

/** The last log lines of a container that has ended: mostly the reason. */
const lastWords = async (host: Host, name: string): Promise<string> => {
  const options = { stdout: true, stderr: true, tail: 3 } as const;
  const log = await host.docker
    .getContainer(name)
    .logs(options)
    .catch(() => Buffer.from(""));
  const text = demultiplexed(log).trim().split("\n").join("; ").replace(/\s+/g, " ");
  return text === "" ? "" : `: ${text.slice(0, MAX_WORDS)}${text.length > MAX_WORDS ? "..." : ""}`;
};

/** Docker frames logs of containers without a tty: stream, three zero bytes, length, text (API docs, attach). */
const demultiplexed = (log: Buffer): string => {
  if (log.length < 8 || (log[0] ?? 9) > 2 || log[1] !== 0) return log.toString();
  const parts: string[] = [];
  for (let at = 0; at + 8 <= log.length; at += 8 + log.readUInt32BE(at + 4))
    parts.push(log.toString("utf8", at + 8, at + 8 + log.readUInt32BE(at + 4)));
  return parts.join("");
};
