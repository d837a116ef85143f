import { XhostError } from "../errors.ts";
import type { Host } from "../ssh/host.ts";

/**
 * Keeps other runs of xhost away from a host until `release`, or until the connection ends: flock(2) on the folder /run, so
 * that nothing is left behind. A host without flock (util-linux) or BusyBox's twin cannot be locked and is refused.
 */
export const lock = async (host: Host): Promise<{ release: () => Promise<void> }> => {
  const shell = await host.shell("lock the host");
  shell.send("exec 9</run && flock -n 9 && echo locked || echo busy\n");
  const answer = await shell.nextLine();
  if (answer === "locked")
    return {
      release: async () => {
        await shell.close();
      },
    };
  const stderr = await shell.close();
  const why =
    stderr.trim() === "" ? "another xhost is at work on this host: try again when it has finished" : stderr.trim();
  throw new XhostError("REMOTE", `lock the host: ${why}`, { host: host.name });
};
