import { macOf } from "../fabric.ts";
import type { LabHost } from "../record.ts";
import { disks } from "./guest.ts";

/** Memory of a host in MiB. It is taken from the machine's as the guest touches it, and not given back. */
export const memory = 1536;

// What the kernel runs in place of itself when its guest reboots. It does so with its files left open, the tap among them, which
// can then not be opened again (arch/um/os-Linux/main.c): so that program only says so by its exit code, and boot starts afresh.
const rebooted = { path: "./rebooted", code: 99 };

// in a mount namespace of the host's own: it is gone with the host, and its path is short enough for a socket
const scratch = "/run/xhost-lab";

/**
 * The first program of a host on the machine, run by bash in fresh mount and pid namespaces and the switch's network namespace, in the
 * host's folder. It starts the kernel, again after each reboot. Its end is the host's end, and the other way round.
 */
export const bootScript = (host: LabHost): string => `#!/bin/bash
set -eu
umask 022
[ -e files.tar ] || { tar --owner=0 --group=0 -cf files.part files -C ../.. id_ed25519.pub && mv files.part files.tar; }
printf '#!/bin/sh\\nexit ${rebooted.code}\\n' >${rebooted.path}
chmod 755 ${rebooted.path}
# the guest's memory is a file in it, from which programs are run: /dev/shm may forbid that, or be too small
mount -t tmpfs -o mode=700,size=100% tmpfs ${scratch}
export TMPDIR=${scratch}
# The kernel and its guest's programs take turns, by ptrace(2): on one processor that is twice as quick as over several.
ranges=$(sed -n 's/^Cpus_allowed_list:\\s*//p' /proc/self/status)
cpus=($(for range in \${ranges//,/ }; do seq "\${range%-*}" "\${range#*-}"; done))
taskset -cp "\${cpus[${host.name.slice(1)} % \${#cpus[@]}]}" $$ >/dev/null
while :; do
  code=0
  (exec -a ${rebooted.path} linux.uml ${kernelArguments(host).join(" ")}) || code=$?
  [ "$code" = ${rebooted.code} ] || exit "$code"
  # what the old kernel left; not this shell, the first process of its pid namespace (kill(2))
  kill -KILL -1 2>/dev/null || true
done
`;

// the guest's disk is a file of what differs from the image, made at the first boot
const kernelArguments = ({ name, address }: LabHost): readonly string[] => [
  `umid=${name}`,
  `uml_dir=${scratch}/`,
  `mem=${memory}M`,
  "ubd0=disk,image",
  "ubd1r=files.tar",
  `root=${disks.root} rw`,
  `vec0:transport=tap,ifname=${name},depth=128,mac=${macOf(address)}`,
  "con=null con0=null,fd:1",
  "systemd.show_status=error systemd.log_color=no",
];
