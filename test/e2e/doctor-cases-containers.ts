// Containers, their cables and networks, and Docker itself.
import { DEPLOY, type Case } from "./doctor-case.ts";

/** Whatever the plane. */
export const CONTAINERS: readonly Case[] = [
  {
    what: "the bridge is down",
    host: "h2",
    shell: "ip link set $BR down",
    id: "bridge-down",
    remedy: /^ip link set dev xh-\S+ up$/,
  },
  {
    what: "the bridge has another address",
    host: "h1",
    shell: "ip address add ${OWN%.*}.9/32 dev $BR; ip address del ${OWN%.*}.1/24 dev $BR",
    id: "bridge-address",
    remedy:
      /^ip address add 172\.30\.\d+\.1\/24 dev xh-\S+\nip route replace 172\.30\.\S+ via 10\.211\.55\.12 dev eth0 proto 88 metric \d+ src \S+$/,
    after: "ip address del ${OWN%.*}.9/32 dev $BR",
  },
  {
    what: "the bridge has a small MTU",
    host: "h1",
    shell: "ip link set $BR mtu 1280",
    id: "bridge-mtu",
    remedy: /^ip link set dev xh-\S+ mtu 1\d+$/,
  },
  { what: "a container has ended", host: "h1", shell: "docker stop -t 1 $C", id: "container-down", remedy: DEPLOY },
  { what: "a container is gone", host: "h1", shell: "docker rm -f $C", id: "container-missing", remedy: DEPLOY },
  {
    what: "a container is paused",
    host: "h2",
    shell: "docker pause $C",
    id: "container-paused",
    remedy: /^docker unpause c2$/,
  },
  {
    what: "a container is detached from its network",
    host: "h1",
    shell: "docker network disconnect app $C",
    id: "container-detached",
    remedy: /^docker network connect app c1$/,
  },
  {
    what: "a container has no default route",
    host: "h1",
    shell: "nsenter -t $P -n ip route del default",
    id: "container-route",
    remedy: /^nsenter .*ip route replace default via 172\.30\.\d+\.1'$/,
  },
  {
    what: "a container's device is down",
    host: "h2",
    shell: "nsenter -t $P -n ip link set eth0 down",
    id: "container-interface",
    remedy: /^nsenter .*ip link set dev eth0 up && /,
  },
  {
    what: "a container has lost its address",
    host: "h2",
    shell: "nsenter -t $P -n ip address flush dev eth0",
    id: "container-address",
    remedy: /^nsenter .*ip address add 172\.30\.\d+\.2\/24 dev eth0 && /,
  },
  {
    what: "a container's cable is not in the bridge",
    host: "h1",
    shell: "ip link set $(ls /sys/class/net/$BR/brif) nomaster",
    id: "container-unplugged",
    remedy: /^ip link set dev veth\w+ master xh-/,
  },
  {
    what: "a container's cable is switched off",
    host: "h2",
    shell: "ip link set $(ls /sys/class/net/$BR/brif) down",
    id: "container-unplugged",
    remedy: /^ip link set dev veth\w+ up$/,
  },
  {
    what: "a container has a small MTU",
    host: "h2",
    shell: "nsenter -t $P -n ip link set eth0 mtu 1200",
    id: "container-mtu",
    remedy: /^nsenter .*ip link set dev eth0 mtu 1\d+'$/,
  },
  {
    what: "nobody listens at the port of a check",
    host: "h2",
    shell: "docker exec $C killall httpd",
    id: "nothing-listens",
    remedy: /^docker restart c2$/,
  },
  {
    what: "the network was made anew by hand, with another bridge",
    host: "h1",
    shell:
      "docker rm -f $C >/dev/null; label=$(docker network inspect -f '{{index .Labels \"io.xhost.project\"}}' app); docker network rm app; docker network create --subnet $OWN --label io.xhost.project=$label app",
    id: "network-wrong",
    remedy: DEPLOY,
  },
  {
    what: "somebody else's container has the name",
    host: "h2",
    shell: "docker rm -f $C >/dev/null; docker create --name $C xhost-lab:1",
    id: "name-taken",
    remedy: /^# rename yours; or, .*\ndocker rm c2$/,
    thenDeploy: true,
  },
  {
    what: "Docker does not run",
    host: "h2",
    shell: "stop-docker",
    id: "docker-unreachable",
    remedy: /service docker start$/,
    inLab: "start-docker; until docker info >/dev/null 2>&1; do sleep 0.2; done",
  },
];
