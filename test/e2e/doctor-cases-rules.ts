// Rules of firewalls that are gone, changed or in the way, on the hosts and in containers.
import { DEPLOY, type Case } from "./doctor-case.ts";

/** Whatever the plane. */
export const RULES: readonly Case[] = [
  {
    what: "our jump in filter is gone",
    host: "h1",
    shell: "iptables -D DOCKER-USER 1",
    id: "rules-missing",
    remedy: DEPLOY,
  },
  {
    what: "our jump in raw is gone",
    host: "h2",
    shell: "iptables -t raw -D PREROUTING 1",
    id: "rules-missing",
    remedy: DEPLOY,
  },
  {
    what: "our chain in raw is flushed",
    host: "h2",
    shell: "iptables -t raw -F $CHAIN",
    id: "rules-missing",
    remedy: DEPLOY,
  },
  { what: "a rule of ours is gone", host: "h1", shell: "iptables -D $CHAIN 1", id: "rules-missing", remedy: DEPLOY },
  {
    what: "somebody's rule in our chain",
    host: "h1",
    shell: "iptables -A $CHAIN -s 192.0.2.0/24 -j ACCEPT",
    id: "rules-changed",
    remedy: DEPLOY,
  },
  {
    what: "DROP at the head of DOCKER-USER",
    host: "h1",
    shell: "iptables -I DOCKER-USER -j DROP",
    id: "rules-order",
    remedy: DEPLOY,
    after: "iptables -D DOCKER-USER -j DROP",
  },
  {
    what: "DROP at the head of raw PREROUTING",
    host: "h2",
    shell: "iptables -t raw -I PREROUTING -d $OWN -j DROP",
    id: "rules-order",
    remedy: DEPLOY,
    after: "iptables -t raw -D PREROUTING -d $OWN -j DROP",
  },
  {
    what: "MASQUERADE before ours",
    host: "h1",
    shell: "iptables -t nat -I POSTROUTING -s $OWN -j MASQUERADE",
    id: "rules-order",
    remedy: DEPLOY,
    after: "iptables -t nat -D POSTROUTING -s $OWN -j MASQUERADE",
  },
  {
    what: "FORWARD does not lead to DOCKER-USER",
    host: "h1",
    shell: "iptables -D FORWARD -j DOCKER-USER",
    id: "docker-user-unreached",
    remedy: /^iptables -I FORWARD 1 -j DOCKER-USER$/,
  },
  {
    what: "DROP in FORWARD before DOCKER-USER",
    host: "h1",
    shell: "iptables -I FORWARD 1 -s $NET -j DROP",
    id: "rule-blocks",
    remedy: /^iptables -t filter -D FORWARD -s 172\.30\.\d+\.0\/24 -j DROP$/,
  },
  {
    what: "DROP in raw PREROUTING of Docker 20.10",
    host: "h1",
    shell: "iptables -t raw -I PREROUTING -s $NET -j DROP",
    id: "rule-blocks",
    remedy: /^iptables -t raw -D PREROUTING /,
  },
  {
    what: "DROP in mangle FORWARD",
    host: "h2",
    shell: "iptables -t mangle -I FORWARD -d $OWN -j DROP",
    id: "rule-blocks",
    remedy: /^iptables -t mangle -D FORWARD /,
  },
  {
    what: "REJECT of the port of one check",
    host: "h2",
    shell: "iptables -I FORWARD 1 -p tcp -m tcp --dport 80 -d $OWN -j REJECT --reject-with tcp-reset",
    id: "rule-blocks",
    remedy: /^iptables -t filter -D FORWARD .*--dport 80 .*REJECT/,
  },
  {
    what: "a foreign nft table drops",
    host: "h2",
    shell:
      "nft add table inet guard; nft 'add chain inet guard watch { type filter hook forward priority -10; }'; nft add rule inet guard watch ip daddr $OWN drop",
    id: "rule-blocks",
    remedy: /^nft delete rule inet guard watch handle \d+$/,
    after: "nft delete table inet guard",
  },
  {
    what: "a masquerade of somebody else's, where Docker of the other host drops what comes of it",
    host: "h1",
    shell:
      "nft add table ip theirs; nft 'add chain ip theirs out { type nat hook postrouting priority 90; }'; nft add rule ip theirs out ip saddr $OWN masquerade",
    id: "source-changed",
    remedy:
      /^nft insert rule ip theirs out handle \d+ ip saddr 172\.30\.\d+\.0\/24 ip daddr 172\.30\.\d+\.0\/24 accept$/,
    after: "nft delete table ip theirs",
  },
  {
    what: "a rule of iptables-legacy beside nft",
    host: "h1",
    shell: "iptables-legacy -I FORWARD -d $OWN -j DROP",
    id: "rule-blocks",
    remedy: /^iptables-legacy -t filter -D FORWARD /,
  },
  {
    what: "DROP inside of a container's namespace",
    host: "h1",
    shell: "nsenter -t $P -n iptables -A OUTPUT -d $NET -j DROP",
    id: "container-blocks",
    remedy: /^nsenter .*iptables -t filter -D OUTPUT /,
  },
];
