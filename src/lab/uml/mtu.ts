import { XhostError } from "../../errors.ts";
import type { LabHost, LabRecord } from "../record.ts";
import { runningGuests } from "./running.ts";
import { onGuest } from "./ssh.ts";

/** What the network driver of User-Mode Linux carries at most: its vector devices keep the limit of ether_setup(). */
const most = 1500;

/** Sets the MTU of the guest's eth0; a guest that is down is left out. */
export const setGuestMtu = async (lab: LabRecord, host: LabHost, mtu: number): Promise<void> => {
  if (!(await runningGuests(lab.name)).has(host.name)) return;
  const failed = `setting the MTU of eth0 to ${mtu} failed`;
  if (mtu > most)
    throw new XhostError("REMOTE", `${failed}: a host of kind uml carries ${most} bytes at most`, { host: host.name });
  const { exitCode, stderr } = await onGuest(lab, host, `ip link set eth0 mtu ${mtu}`);
  if (exitCode !== 0)
    throw new XhostError("REMOTE", `${failed} with exit code ${exitCode}\n${stderr}`, { host: host.name });
};
