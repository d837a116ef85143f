// The shell scripts that make the lab of the scale bench; each gets the bench's folder as $1.
import { CONTROLLER, SEGMENT, macOf } from "./scale-place.ts";

/** In the switch's namespace, of which pid 1 is a shell: the one segment, and the operator's address on it. */
export const switchScript = `set -eu
cd /proc/sys/net
echo 1 >ipv6/conf/all/disable_ipv6
echo 1 >ipv6/conf/default/disable_ipv6
for file in bridge/bridge-nf-call-*; do [ ! -e "$file" ] || echo 0 >"$file"; done
ip -batch - <<'END'
link set lo up
link add br0 address ${macOf(CONTROLLER)} type bridge mcast_snooping 0
address add ${CONTROLLER}/${SEGMENT} dev br0
link set br0 up
route add unreachable default
END
`;

/** The one engine, in a network namespace of its own and in memory. It writes no rules: 500 networks' would slow down each next one. */
export const engineScript = `set -eu
mkdir -p "$1/engine"
mount -t tmpfs tmpfs "$1/engine"
mkdir "$1/engine/cgroup"
mount --rbind /sys/fs/cgroup "$1/engine/cgroup"
mount -t sysfs sysfs /sys
mount --rbind "$1/engine/cgroup" /sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs /run
ip link set lo up
exec dockerd --data-root "$1/engine/data" --exec-root "$1/engine/exec" --pidfile "$1/engine/pid" --host "unix://$1/engine.sock" \\
  --iptables=false --ip6tables=false --bridge=none --storage-driver=vfs >"$1/engine.log" 2>&1 </dev/null
`;

/**
 * One host, in network and mount namespaces of its own: $2 is its name, $3 its address, $4 its Ethernet address. /etc, /run and
 * /root, whose shell settings each login would run, are its own; Docker's socket is the shim's. The switch's end of its cable goes to
 * pid 1's namespace. Ends when sshd is started.
 */
export const hostScript = `set -eu
mount -t tmpfs -o mode=700 tmpfs /root
mount -t tmpfs -o mode=755 tmpfs /run
mkdir /run/sshd /run/lock /run/own /run/own/etc /run/own/work
mount -t overlay overlay -o lowerdir=/etc,upperdir=/run/own/etc,workdir=/run/own/work /etc
: >/run/docker.sock
mount --bind "$1/sockets/$2" /run/docker.sock
mount -t sysfs sysfs /sys
cd /proc/sys/net
echo 1 >ipv6/conf/all/disable_ipv6
echo 1 >ipv6/conf/default/disable_ipv6
echo 1 >ipv4/ip_forward
echo 0 >ipv4/conf/all/rp_filter
echo 2 >ipv4/conf/default/rp_filter
ip -batch - <<END
link set lo up
link add eth0 address $4 type veth peer name $2 netns 1
address add $3/${SEGMENT} dev eth0
link set eth0 up
neigh add ${CONTROLLER} lladdr ${macOf(CONTROLLER)} dev eth0 nud permanent
route add default via ${CONTROLLER}
END
iptables-restore <<'END'
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:DOCKER-USER - [0:0]
-A FORWARD -j DOCKER-USER
-A DOCKER-USER -j RETURN
COMMIT
END
/usr/sbin/sshd -f "$1/sshd_config" -o PidFile="$1/pids/$2" -E "$1/sshd.log"
`;

/** No login waits for PAM, none is dropped for others that have begun. */
export const sshdConfig = (folder: string): string => `HostKey ${folder}/host_key
AuthorizedKeysFile ${folder}/key.pub
StrictModes no
UsePAM no
UseDNS no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
MaxStartups 200
LogLevel ERROR
`;
