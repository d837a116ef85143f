import { XhostError } from "../errors.ts";
import { parseInterfaces, parseRoutes } from "../observe/ip.ts";
import { seenOn } from "../observe/printed.ts";
import { sections } from "../observe/script.ts";
import type { Connector } from "../ssh/connect.ts";
import type { Guest } from "./addresses.ts";
import type { FoundHost } from "./found.ts";

/** What a host said, and the key that it let in. */
export type Answer = { readonly guest: Guest; readonly identityFile: string | undefined };

const SCRIPT = `section() { printf '\\036%s\\n' "$1"; }
section links; ip -j -d address
section routes; ip -j -4 -N route show table main
section ssh; echo "\${SSH_CONNECTION:-$1}"`;

/**
 * Logs in and reads the addresses; one login, unless the source names several keys: Vagrant 2.4 names two that every box may have,
 * and each box has one of them. Throws the XhostError of the first key.
 */
export const ask = async (host: FoundHost, ssh: Connector): Promise<Answer> => {
  const [first, ...others] = host.identityFiles;
  try {
    return await askWith(host, first, ssh);
  } catch (error) {
    if (!(error instanceof XhostError)) throw error;
    for (const identityFile of others) {
      const answer = await askWith(host, identityFile, ssh).catch(() => undefined);
      if (answer !== undefined) return answer;
    }
    throw error;
  }
};

const askWith = async (
  { name, ssh: options }: FoundHost,
  identityFile: string | undefined,
  ssh: Connector,
): Promise<Answer> => {
  const way = { ...options, identityFile };
  const open = await ssh.open({ name, ssh: way, become: "none", dockerSocket: "" });
  try {
    const part = sections(await open.run(SCRIPT, "read its addresses"));
    const routes = seenOn(name, () => parseRoutes(part.get("routes") ?? ""));
    return {
      identityFile,
      guest: {
        name,
        interfaces: seenOn(name, () => parseInterfaces(part.get("links") ?? "")),
        // sshd sets `client-ip client-port server-ip server-port` (ssh(1), ENVIRONMENT)
        sshAddress: part.get("ssh")?.trim().split(" ")[2],
        uplinks: routes.flatMap(({ destination, device }) =>
          destination === "0.0.0.0/0" && device !== undefined ? [device] : [],
        ),
      },
    };
  } finally {
    await open.close();
  }
};
