#!/bin/bash
# The rival of `xhost deploy`: the same two hosts, networks, containers, routes and rules, by hand. One ssh for each host, both
# at once, everything of a host in one go; the pings at the end wait for the other host. It knows nothing that is not written
# here: no look at what is there, no undo, no second run.
#
#   KEY=... KNOWN_HOSTS=... PROXY=... IMAGE=... [RAW=yes] deploy.sh up|down
#
# RAW=yes: the engine is 28 or newer and drops packets for container addresses in raw PREROUTING.
set -eu

on() { # ADDRESS: runs the script on standard input there
  ssh -o BatchMode=yes -o IdentitiesOnly=yes -i "$KEY" -o UserKnownHostsFile="$KNOWN_HOSTS" -o ProxyCommand="$PROXY" \
    "root@$1" bash -s
}

up() { # CONTAINER SUBNET-PREFIX PEER PEER-SUBNET-PREFIX
  local own=$2.0/24 peer=$4.0/24
  cat <<END
set -e
docker network create --driver bridge --subnet $own --gateway $2.1 --label bench=yes \
  -o com.docker.network.bridge.name=xh-bench -o com.docker.network.driver.mtu=1500 app >/dev/null
docker run -d --name $1 --network app --label bench=yes $IMAGE sleep infinity >/dev/null
iptables-restore --noflush --wait=10 <<'RULES'
$(if [ "${RAW:-no}" = yes ]; then
    cat <<RAW_RULES
*raw
:BENCH - [0:0]
-A BENCH -s $peer -d $own -i eth0 -m comment --comment bench -j ACCEPT
-I PREROUTING 1 -m comment --comment bench -j BENCH
COMMIT
RAW_RULES
  fi)
*filter
:BENCH - [0:0]
-A BENCH -s $peer -d $own -i eth0 -o xh-bench -m comment --comment bench -j ACCEPT
-A BENCH -s $own -d $peer -i xh-bench -o eth0 -m comment --comment bench -j ACCEPT
-I DOCKER-USER 1 -m comment --comment bench -j BENCH
COMMIT
*nat
:BENCH - [0:0]
-A BENCH -s $own -d $peer -o eth0 -m comment --comment bench -j ACCEPT
-I POSTROUTING 1 -m comment --comment bench -j BENCH
COMMIT
RULES
ip route add $peer via $3 dev eth0
nsenter -t \$(docker inspect -f '{{.State.Pid}}' $1) -n ping -n -q -c 1 -i 0.2 -w 10 $4.2
END
}

down() { # CONTAINER PEER-SUBNET-PREFIX
  cat <<END
docker rm -f $1 >/dev/null
docker network rm app >/dev/null
ip route del $2.0/24
iptables -D DOCKER-USER -m comment --comment bench -j BENCH && iptables -F BENCH && iptables -X BENCH
iptables -t nat -D POSTROUTING -m comment --comment bench -j BENCH && iptables -t nat -F BENCH && iptables -t nat -X BENCH
$(if [ "${RAW:-no}" = yes ]; then
    echo 'iptables -t raw -D PREROUTING -m comment --comment bench -j BENCH && iptables -t raw -F BENCH && iptables -t raw -X BENCH'
  fi)
END
}

case $1 in
  up)
    up c1 172.30.1 10.211.55.12 172.30.2 | on 10.211.55.11 & first=$!
    up c2 172.30.2 10.211.55.11 172.30.1 | on 10.211.55.12 & second=$!
    ;;
  down)
    down c1 172.30.2 | on 10.211.55.11 & first=$!
    down c2 172.30.1 | on 10.211.55.12 & second=$!
    ;;
  *)
    echo "usage: deploy.sh up|down" >&2
    exit 2
    ;;
esac
wait $first
wait $second
