import { XhostError } from "../errors.ts";

/** A lab needs namespaces, mounts and cgroups: Linux, and root. */
export const requireRoot = (): void => {
  if (process.platform !== "linux")
    throw new XhostError("REMOTE", `lab: needs Linux namespaces, and this is ${process.platform}`);
  if (process.geteuid?.() !== 0) throw new XhostError("REMOTE", "lab: needs root: run it with sudo");
};
