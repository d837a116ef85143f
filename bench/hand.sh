#!/bin/bash
# The rival of xhost: the same networks, containers, routes and rules by hand. One ssh for each host, all at once, everything of a
# host in one go; the pings at the end wait for the other hosts. It knows nothing that is not written here: no look at what
# is there, no lock, no undo, nothing that outlives a reboot.
#
#   KEY=... KNOWN_HOSTS=... PROXY=... IMAGE=... COMMAND=... BRIDGE=... [RAW=yes] hand.sh deploy|change|join|destroy|run TABLE
#
# TABLE has a line for each host: ADDRESS CONTAINER SUBNET GATEWAY CONTAINER-ADDRESS. `join` adds the host of the last line to
# the others, `change` makes the container of the first line anew with another environment, `run` runs standard input on each.
# RAW=yes: the engine is 28 or newer and drops packets for container addresses in raw PREROUTING.
set -u

addresses=() containers=() subnets=() gateways=() ends=()
while read -r address container subnet gateway end; do
  addresses+=("$address") containers+=("$container") subnets+=("$subnet") gateways+=("$gateway") ends+=("$end")
done <"$2"
last=$((${#addresses[@]} - 1))

on() { # HOST: runs the script on standard input there
  exec ssh -F none -o BatchMode=yes -o IdentitiesOnly=yes -i "$KEY" -o UserKnownHostsFile="$KNOWN_HOSTS" -o ProxyCommand="$PROXY" \
    "root@${addresses[$1]}" sh -s
}

peers_of() { # HOST
  for ((peer = 0; peer <= last; peer++)); do ((peer == $1)) || echo "$peer"; done
}

rules() { # HOST HEADS PEER...: what each table gets; HEADS=yes with the chain and the jump to it
  local own=${subnets[$1]} heads=$2 peer
  shift 2
  head() { echo "*$1"; [ "$heads" = no ] || printf ':BENCH - [0:0]\n-I %s 1 -m comment --comment bench -j BENCH\n' "$2"; }
  rule() { for peer; do printf -- "-A BENCH $format -m comment --comment bench -j ACCEPT\n" "${subnets[$peer]}"; done; }
  echo "iptables-restore --noflush --wait=10 <<'RULES'"
  if [ "${RAW:-no}" = yes ]; then
    head raw PREROUTING
    format="-s %s -d $own -i eth0" rule "$@"
    echo COMMIT
  fi
  head filter DOCKER-USER
  format="-s %s -d $own -i eth0 -o $BRIDGE" rule "$@"
  format="-d %s -s $own -i $BRIDGE -o eth0" rule "$@"
  echo COMMIT
  head nat POSTROUTING
  format="-d %s -s $own -o eth0" rule "$@"
  format="-s %s -d $own -o $BRIDGE" rule "$@"
  printf 'COMMIT\nRULES\n'
}

routes() { # add|del PEER...
  local what=$1 peer
  shift
  echo "ip -batch - <<'ROUTES'"
  for peer; do echo "route $what ${subnets[$peer]} via ${addresses[$peer]} dev eth0"; done
  echo ROUTES
}

container() { # HOST [OPTION...]
  local name=${containers[$1]}
  shift
  echo "docker run -d --name $name --network app $* $IMAGE sh -c '$COMMAND' >/dev/null"
}

pings() { # HOST PEER...: from the container, all at once
  local name=${containers[$1]} peer
  shift
  echo "nsenter -t \$(docker container inspect -f '{{.State.Pid}}' $name) -n sh -ec 'for to; do"
  # An answer that there is no such host ends ping, and the other host may be not as far yet.
  echo '  { tries=50; until ping -n -q -c 1 -i 0.2 -w 5 $to >/dev/null; do tries=$((tries - 1)); test $tries != 0; sleep 0.2; done; } & pings="$pings $!"'
  printf "done; for each in \$pings; do wait \$each; done' sh"
  for peer; do printf ' %s' "${ends[$peer]}"; done
  echo
}

up() { # HOST
  echo 'set -e'
  echo "docker network create --subnet ${subnets[$1]} --gateway ${gateways[$1]}" \
    "-o com.docker.network.bridge.name=$BRIDGE -o com.docker.network.driver.mtu=1500 app >/dev/null"
  container "$1"
  rules "$1" yes $(peers_of "$1")
  routes add $(peers_of "$1")
  pings "$1" $(peers_of "$1")
}

join() { # HOST: of those that are there already
  echo 'set -e'
  rules "$1" no "$last"
  routes add "$last"
  pings "$1" "$last"
}

change() {
  echo 'set -e'
  echo "docker stop ${containers[0]} >/dev/null; docker rm ${containers[0]} >/dev/null"
  container 0 --env ROUND=2
  pings 0 $(peers_of 0)
}

down() { # HOST
  local chain="-m comment --comment bench -j BENCH\n-F BENCH\n-X BENCH\nCOMMIT\n"
  echo 'set -e'
  echo "docker rm -f ${containers[$1]} >/dev/null; docker network rm app >/dev/null"
  routes del $(peers_of "$1")
  echo "iptables-restore --noflush --wait=10 <<'RULES'"
  [ "${RAW:-no}" = no ] || printf "*raw\n-D PREROUTING $chain"
  printf "*filter\n-D DOCKER-USER $chain*nat\n-D POSTROUTING $chain"
  echo RULES
}

each() { # FUNCTION FIRST LAST: its script on all these hosts at once
  local host jobs=() failed=0
  for ((host = $2; host <= $3; host++)); do
    { "$1" "$host" | on "$host"; } &
    jobs+=($!)
  done
  for job in "${jobs[@]}"; do wait "$job" || failed=1; done
  return $failed
}

same() { printf '%s\n' "$script"; }
join_or_up() { if [ "$1" = "$last" ]; then up "$1"; else join "$1"; fi; }

case $1 in
  deploy) each up 0 "$last" ;;
  change) each change 0 0 ;;
  join) each join_or_up 0 "$last" ;;
  destroy) each down 0 "$last" ;;
  run)
    script=$(cat)
    each same 0 "$last"
    ;;
  *)
    echo "usage: hand.sh deploy|change|join|destroy|run TABLE" >&2
    exit 2
    ;;
esac
