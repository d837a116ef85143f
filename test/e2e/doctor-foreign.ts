// What others have on a healthy host: none of it is in the way of the fabric.

/** Another network with another plane between the same hosts, and a container of it on each, which ping each other. */
export const withSecondNetwork = (text: string): string =>
  text
    .replace(/^containers:$/m, "  second:\n    pool: 172.31.0.0/16\n    prefix: 24\n    plane: vxlan\ncontainers:")
    .replace(
      /^checks:$/m,
      ["h1", "h2"]
        .map(
          (h) =>
            `  s${h}: { host: ${h}, network: second, image: "xhost-lab:1", command: [sh, -c, "trap exit TERM; sleep 9999 & wait"] }\n`,
        )
        .join("") + "checks:\n  - { from: sh1, to: sh2 }\n  - { from: sh2, to: sh1 }",
    );

/** Docker networks and containers, rules that concern others, a second NIC with its routes, the tun device of a VPN, a bridge. */
export const FOREIGN = [
  "docker network create --subnet 10.77.0.0/24 foreign",
  "docker run -d --name stranger --network foreign -p 8080:80 xhost-lab:1 sh -c 'trap exit TERM; sleep 9999 & wait'",
  "docker run -d --name plain xhost-lab:1 sh -c 'trap exit TERM; sleep 9999 & wait'",
  "iptables -A INPUT -p tcp --dport 25 -j DROP",
  "iptables -I FORWARD 1 -s 192.0.2.0/24 -j DROP",
  "iptables -I DOCKER-USER 1 -i eth9 -p tcp --dport 5432 -j DROP",
  "nft add table inet theirs",
  "nft 'add chain inet theirs in { type filter hook input priority 0; }'",
  "nft add rule inet theirs in tcp dport 23 drop",
  "ip link add eth1 type veth peer name far1",
  "ip link set eth1 up",
  "ip link set far1 up",
  "ip address add 192.168.77.2/24 dev eth1",
  "ip route add 192.168.78.0/24 via 192.168.77.1 dev eth1",
  "ip tuntap add dev tun0 mode tun",
  "ip address add 10.8.0.2/24 dev tun0",
  "ip link set tun0 up",
  "ip route add 10.9.0.0/16 via 10.8.0.1 dev tun0",
  "ip rule add from 192.168.77.2 lookup 77 priority 500",
  "ip link add br9 type bridge",
].join(" && ");

/** Takes all of it away. */
export const NO_FOREIGN = [
  "docker rm -f stranger plain",
  "docker network rm foreign",
  "iptables -D INPUT -p tcp --dport 25 -j DROP",
  "iptables -D FORWARD -s 192.0.2.0/24 -j DROP",
  "iptables -D DOCKER-USER -i eth9 -p tcp --dport 5432 -j DROP",
  "nft delete table inet theirs",
  "for d in eth1 tun0 br9; do ip link del $d; done",
  "ip rule del priority 500",
].join("; ");
