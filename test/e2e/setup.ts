import { labDown } from "../../src/lab/down.ts";
import { ensurePrograms } from "../../src/lab/install.ts";
import { missingOf, need } from "../../src/lab/programs.ts";
import { labUp } from "../../src/lab/up.ts";

/** What tests run on the machine or in hosts that have its root, besides what a lab needs. */
const BESIDES = [
  need("tshark", "tshark"),
  need("nft", "nftables"),
  need("ufw", "ufw"),
  need("firewalld", "firewalld"),
  need("dbus-daemon", "dbus-daemon", "dbus"),
  need("ethtool", "ethtool"),
  need("tcpdump", "tcpdump"),
  need("strace", "strace"),
  need("ovs-vswitchd", "openvswitch-switch"),
];

/**
 * Makes the machine ready: missing packages, and the root file systems of both engines, which are cached. Fails, and does not
 * skip, where there are no namespaces to be had: these tests are the proof that packets arrive.
 */
export const setup = async (): Promise<void> => {
  const onProgress = (line: string): unknown => process.stderr.write(`e2e: ${line}\n`);
  await ensurePrograms(() => missingOf(BESIDES), true, { onProgress, signal: undefined });
  const lab = await labUp({
    name: "xsetup",
    hosts: 3,
    engine: "bookworm,sid,machine",
    install: true,
    cwd: process.cwd(),
    onProgress,
  });
  await labDown({ name: "xsetup" });
  process.stderr.write(
    `e2e: real engines: Docker ${lab.hosts
      .slice(0, 2)
      .map((h) => h.version)
      .join(" and ")}\n`,
  );
};
