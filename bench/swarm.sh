#!/bin/bash
# Docker Swarm on hosts that have none, to the first packet between containers of two hosts. Settings and TABLE as in hand.sh.
#
#   KEY=... KNOWN_HOSTS=... PROXY=... IMAGE=... COMMAND=... swarm.sh up|down TABLE
set -eu

mapfile -t addresses < <(cut -d' ' -f1 "$2")
first=${addresses[0]}

on() { # ADDRESS: runs the script on standard input there
  ssh -F none -o BatchMode=yes -o IdentitiesOnly=yes -i "$KEY" -o UserKnownHostsFile="$KNOWN_HOSTS" -o ProxyCommand="$PROXY" \
    "root@$1" sh -s
}

each() { # SCRIPT ADDRESS...: everywhere at once
  local script=$1 jobs=() job
  shift
  for address; do
    on "$address" <<<"$script" & jobs+=($!)
  done
  for job in "${jobs[@]}"; do wait "$job"; done
}

up() {
  # Swarm's own default, 10.0.0.0/8, has the hosts' addresses in it.
  token=$(on "$first" <<END
set -e
docker swarm init --advertise-addr $first --default-addr-pool 172.29.0.0/16 >/dev/null
docker swarm join-token -q worker
docker network create --driver overlay --attachable swarm >/dev/null
END
  )
  each "docker swarm join --token $token $first:2377 >/dev/null" "${addresses[@]:1}"
  on "$first" <<END
set -e
docker service create --detach --no-resolve-image --mode global --network swarm --name app $IMAGE sh -c '$COMMAND' >/dev/null
self=\$(docker info -f '{{.Swarm.NodeID}}')
tries=300
until test -n "\$own" && test -n "\$other"; do
  test \$tries != 0 || { docker service ps app >&2; exit 1; }
  tries=\$((tries - 1)); sleep 0.2
  own=\$(docker ps -q -f label=com.docker.swarm.service.name=app)
  other=\$(docker service ps -q -f desired-state=running app | xargs -r docker inspect -f \
    '{{.NodeID}} {{.Status.State}} {{range .NetworksAttachments}}{{index .Addresses 0}}{{end}}' |
    sed -n "/^\$self/d; s|^[^ ]* running \\(.*\\)/.*|\\1|p" | head -n 1)
done
pid=\$(docker inspect -f '{{.State.Pid}}' \$own)
# An answer that there is no such host ends ping.
tries=20; until nsenter -t \$pid -n ping -n -q -c 1 -i 0.2 -w 5 \$other >/dev/null; do tries=\$((tries - 1)); test \$tries != 0; sleep 0.2; done
END
}

case $1 in
  up) up ;;
  # Its gateway network would be there for the next round.
  down) each 'docker swarm leave --force >/dev/null; docker network rm docker_gwbridge >/dev/null' "${addresses[@]}" ;;
  *)
    echo "usage: swarm.sh up|down TABLE" >&2
    exit 2
    ;;
esac
