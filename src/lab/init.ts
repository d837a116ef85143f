import type { LabHost } from "./record.ts";
import { cgroupOf, fabricAddress } from "./names.ts";
import { hostLines } from "./fabric.ts";

/** What init runs on: its working folder is the host's folder below the lab's. */
type Machine = {
  readonly lab: string;
  readonly host: LabHost;
  /** All of the lab, for /etc/hosts. */
  readonly hosts: readonly LabHost[];
  /** The cached root file system; undefined for the machine's own. */
  readonly lower: string | undefined;
};

/**
 * The first program of a host, run by `sh` in fresh mount, pid, uts and ipc namespaces. It puts a root together whose
 * every change lands in the host's folder, moves into it, starts sshd and Docker, and stays as the reaper of orphans.
 * Its end is the host's end. A first start writes the files in /etc; a later one, a reboot, leaves them as they are.
 */
export const initScript = ({ host, lower }: Machine): string => `#!/bin/sh
set -eu
umask 022
mount --make-rprivate /
mkdir -p root lower data log
${lower === undefined ? assembleFromMachine : assembleFrom(lower)}
# a folder that cannot hold an overlay's changes (an overlay itself, or inside what it would cover): memory instead
if ! assemble 2>/dev/null; then
  umount -R root 2>/dev/null || true
  mount -t tmpfs -o mode=755 tmpfs data
  assemble
fi
mkdir -p data/docker data/containerd
cd root
mkdir -p proc sys dev run tmp root var/log var/lib/docker var/lib/containerd usr/local/sbin
mount --bind ../data/docker var/lib/docker
mount --bind ../data/containerd var/lib/containerd
mount --bind ../log var/log
mount -t proc proc proc
mount -t sysfs sysfs sys
mount --rbind /sys/fs/cgroup sys/fs/cgroup
mount --rbind /dev dev
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
mount -t tmpfs -o mode=1777 tmpfs dev/shm
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
mkdir -p run/sshd run/lock run/old
# one kernel, so the machine's modules
${lower === undefined ? ":" : bindModules}
if ! [ -e ../data/installed ]; then
${install}
  touch ../data/installed
fi
pivot_root . run/old
cd /
umount -l /run/old
rmdir /run/old
echo ${host.name} >/proc/sys/kernel/hostname
# a network namespace begins with the machine's values (kernel's ip-sysctl, devconf_inherit_init_net); a host, with Debian's
echo 0 >/proc/sys/net/ipv4/ip_forward
echo 0 >/proc/sys/net/ipv4/conf/all/rp_filter
echo 2 >/proc/sys/net/ipv4/conf/default/rp_filter
echo 2 >/proc/sys/net/ipv4/conf/eth0/rp_filter
ip -batch - <<'END'
${hostLines(host).join("\n")}
END
/usr/sbin/sshd -E /var/log/sshd.log
start-docker
while :; do
  sleep 1000000 &
  wait $! || true
done
`;

// what a first start changes in the root's own files; a host is entered with the lab's key and has a key of its own
const install = `  rm -rf etc/docker etc/resolv.conf etc/hostname etc/hosts etc/ssh/ssh_host_* etc/ssh/sshd_config.d root/.ssh
  mkdir -p etc/docker etc/ssh root/.ssh
  chmod 700 root root/.ssh
  install -m 644 ../files/etc/* etc/
  install -m 600 ../files/ssh/* etc/ssh/
  install -m 644 ../files/daemon.json etc/docker/
  install -m 600 ../../../id_ed25519.pub root/.ssh/authorized_keys
  tr -d - </proc/sys/kernel/random/uuid >etc/machine-id
  cat >usr/local/sbin/start-docker <<'END'
#!/bin/sh
# starts Docker, as at boot
setsid -f dockerd </dev/null >>/var/log/dockerd.log 2>&1
END
  cat >usr/local/sbin/stop-docker <<'END'
#!/bin/sh
# ends Docker and waits for that; it answers no longer some time before it lets start-docker begin
pid=$(cat /run/docker.pid) && kill "$pid"
while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
END
  chmod 755 usr/local/sbin/start-docker usr/local/sbin/stop-docker`;

const assembleFromMachine = `layer() {
  mkdir -p "data/upper/$1" "data/work/$1" "root/$1" &&
    mount -t overlay overlay -o "lowerdir=/$1,upperdir=data/upper/$1,workdir=data/work/$1" "root/$1"
}
assemble() {
  mount -t tmpfs -o mode=755 tmpfs root || return 1
  for name in bin sbin lib lib32 lib64 libx32 usr etc var opt; do
    if [ -L "/$name" ]; then cp -P "/$name" root/ || return 1
    elif [ -d "/$name" ]; then layer "$name" || return 1; fi
  done
  for name in root home srv; do
    mkdir -p "data/$name" "root/$name" && mount --bind "data/$name" "root/$name" || return 1
  done
}`;

const assembleFrom = (lower: string) => `assemble() {
  mkdir -p data/upper data/work &&
    { mountpoint -q lower || mount --bind ${quoted(lower)} lower; } &&
    mount -t overlay overlay -o lowerdir=lower,upperdir=data/upper,workdir=data/work root
}`;

const bindModules = `if [ -d /lib/modules ]; then
  mkdir -p usr/lib/modules
  mount --bind /lib/modules usr/lib/modules
  mount -o remount,bind,ro usr/lib/modules
fi`;

const quoted = (word: string) => `'${word.replaceAll("'", `'\\''`)}'`;

/** The files of a host's /etc, by path below its `files` folder, where init finds them. */
export const hostFiles = ({ lab, host, hosts }: Machine): Readonly<Record<string, string>> => ({
  "etc/hostname": `${host.name}\n`,
  "etc/hosts": ["127.0.0.1 localhost", ...hosts.map((h) => `${h.address} ${h.name}`), ""].join("\n"),
  // nobody answers there, and says so at once: a name is not found without waiting
  "etc/resolv.conf": `nameserver ${fabricAddress}\n`,
  "ssh/sshd_config": sshdConfig,
  "daemon.json": `${JSON.stringify(
    { "cgroup-parent": `/${cgroupOf(lab)}/${host.name}`, "exec-opts": ["native.cgroupdriver=cgroupfs"] },
    null,
    2,
  )}\n`,
});

// Debian's own settings; MaxStartups, MaxSessions and the forwarding of sockets at OpenSSH's defaults
const sshdConfig = `PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM yes
PidFile /run/sshd.pid
AcceptEnv LANG LC_*
Subsystem sftp /usr/lib/openssh/sftp-server
`;
