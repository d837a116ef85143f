/** Debian with what xhost and its tests call. No udev: a lab host has no device that comes or goes, and boots quicker without. */
export const guestPackages = [
  "systemd-sysv,dbus,kmod,sudo,util-linux,procps,bash,ca-certificates,perl-base,python3,busybox-static",
  "docker.io,openssh-server,openvswitch-switch,iproute2,ethtool,iptables,nftables,wireguard-tools",
  "iputils-ping,iperf3,tcpdump,netcat-openbsd,firewalld",
].join(",");

/** The guest's names of its disks: the root file system, and a tar with what is this host's own. */
export const disks = { root: "/dev/ubda", files: "/dev/ubdb" } as const;

const boot = `#!/bin/sh
# makes this root file system the lab's host: its own files at the first boot, its network at each
set -eu
own=/var/lib/xhost-lab
if ! [ -e $own/installed ]; then
  mkdir -p $own
  tar -x -C $own -f ${disks.files}
  install -m 644 $own/files/etc/* /etc/
  install -m 600 $own/files/ssh/* /etc/ssh/
  install -m 600 $own/id_ed25519.pub /root/.ssh/authorized_keys
  hostname -F /etc/hostname
  touch $own/installed
fi
ip link set vec0 name eth0
ip -batch $own/files/network
`;

const unit = `[Unit]
Description=Files and network of a lab host
DefaultDependencies=no
After=systemd-remount-fs.service systemd-sysctl.service
Before=sysinit.target network-pre.target network.target network-online.target
Wants=network.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/sbin/lab-host-boot
StandardError=journal+console

[Install]
WantedBy=sysinit.target
RequiredBy=ssh.service
`;

// the same two commands as on the other kind of host
const programs = {
  "lab-host-boot": boot,
  "start-docker": "#!/bin/sh\n# starts Docker, as at boot\nexec systemctl start docker.socket docker.service\n",
  "stop-docker": "#!/bin/sh\n# ends Docker and waits for that\nexec systemctl stop docker.socket docker.service\n",
};

// what a lab host does without: it halves the time to boot
const masked = [
  "apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer",
  "modprobe@configfs.service modprobe@dm_mod.service modprobe@drm.service modprobe@efi_pstore.service",
  "modprobe@fuse.service modprobe@loop.service dev-hugepages.mount sys-fs-fuse-connections.mount sys-kernel-config.mount",
  "proc-sys-fs-binfmt_misc.automount systemd-binfmt.service getty@tty1.service systemd-ask-password-wall.path",
  "systemd-journal-flush.service systemd-machine-id-commit.service systemd-pstore.service systemd-random-seed.service",
  "systemd-update-utmp.service systemd-update-utmp-runlevel.service",
].join(" ");

const lines = (entries: readonly (readonly [string, string])[]): string =>
  entries.map(([path, text]) => `cat >"$root/${path}" <<'END'\n${text}END\n`).join("");

/** Shell lines that turn a fresh Debian in `$root` into the guest; `$modules` is the folder of the UML kernel's modules. */
export const customisation = `mkdir -p "$root/lib/modules" "$root/root/.ssh"
chmod 700 "$root/root/.ssh"
cp -a "$modules" "$root/lib/modules/"
${lines(Object.entries(programs).map(([name, text]) => [`usr/local/sbin/${name}`, text]))}
chmod 755 "$root"/usr/local/sbin/*
${lines([["etc/systemd/system/lab-host.service", unit]])}
mkdir "$root/etc/systemd/system.conf.d"
# this kernel has a watchdog, which needs a program of the machine
printf '[Manager]\\nRebootWatchdogSec=off\\n' >"$root/etc/systemd/system.conf.d/xhost-lab.conf"
# each login would wait a third of a second for its greeting
rm -f "$root"/etc/update-motd.d/* "$root"/etc/ssh/ssh_host_* "$root/etc/hostname"
: >"$root/etc/fstab"
: >"$root/etc/machine-id"
chroot "$root" systemctl --quiet enable lab-host.service
chroot "$root" systemctl --quiet disable openvswitch-switch.service firewalld.service
chroot "$root" systemctl --quiet mask ${masked}
# started when it is asked for, as by a reboot
rm "$root/lib/systemd/system/multi-user.target.wants/systemd-logind.service"
# this kernel's nf_tables has neither the ip nor the inet family
chroot "$root" update-alternatives --quiet --set iptables /usr/sbin/iptables-legacy
chroot "$root" update-alternatives --quiet --set ip6tables /usr/sbin/ip6tables-legacy
chroot "$root" apt-get clean`;
