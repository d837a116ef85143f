import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { build, cacheFolder, exists } from "./cache.ts";
import { bootstrap, debianMirror } from "./debian.ts";
import { unknownSuite } from "./engine.ts";
import { XhostError } from "../errors.ts";

const packages =
  "docker.io,iptables,nftables,iproute2,ethtool,openssh-server,iputils-ping,tcpdump,netcat-openbsd,procps,kmod,ca-certificates,sudo,bash,util-linux,wireguard-tools,wireguard-go,iperf3";

// what the line beside a root names
const shown = "docker.io containerd runc iptables nftables openssh-server";

/**
 * The root file system of a Debian suite with its Docker, built at the first use (a minute, 400 MB). Its name carries a hash of what
 * it is made from: a change makes another one.
 */
export const suiteRoot = async (
  suite: string,
  options: { readonly onProgress: (line: string) => void; readonly signal: AbortSignal | undefined },
): Promise<string> => {
  const hash = createHash("sha256").update(buildScript).digest("hex").slice(0, 12);
  const root = `${cacheFolder()}/debian-${suite}-${hash}`;
  if (await exists(root)) return root;
  const mirror = await debianMirror();
  options.onProgress(`building the root file system of Debian ${suite} from ${mirror}, about a minute`);
  await build(root, { script: buildScript, args: [suite, mirror], signal: options.signal }).catch((error: unknown) => {
    throw error instanceof XhostError && error.message.includes(NO_SUITE) ? unknownSuite(suite, mirror) : error;
  });
  options.onProgress((await readFile(`${root}.versions`, "utf8")).trim());
  return root;
};

/** apt's words for a suite that the mirror does not have (apt, acquire-item.cc), in the C locale. */
const NO_SUITE = "does not have a Release file";

// the client is a package of its own since trixie
const client = '[ -x "$1/usr/bin/docker" ] || chroot "$1" apt-get install --yes --no-install-recommends docker-cli';

const buildScript = `root=$part suite=$2 mirror=$3
${bootstrap(packages, [client])}
dpkg-query --admindir="$part/var/lib/dpkg" -W -f '\${Package} \${Version}\n' ${shown} | paste -sd ' ' >"$1.versions"`;
