// What packets do between containers, seen with programs of the hosts and of the image, none of them xhost's.
import { quote } from "../../src/ssh/quote.ts";
import { addressOf, type TestLab } from "./xhost.ts";

/** A container of a lab. */
export type End = { readonly host: string; readonly container: string };

/** Bytes of a download. */
const BIG = 50_000_000;

const SERVER = [
  "trap exit TERM",
  "mkdir -p /www/cgi-bin",
  `printf '#!/bin/sh\\necho; echo $REMOTE_ADDR\\n' >/www/cgi-bin/who`,
  "chmod +x /www/cgi-bin/who",
  "httpd -h /www",
  "sleep infinity & wait",
].join("; ");

/** The lab's inventory with containers that serve files over HTTP, tell whose address they see, and end at once. */
export const serving = (text: string): string =>
  text.replaceAll("[sleep, infinity]", JSON.stringify(["sh", "-c", SERVER]));

/** Without a host, and the container that `lab up` gave it. */
export const without =
  (host: string) =>
  (text: string): string =>
    text.replace(new RegExp(`^  (${host}|${host.replace("h", "c")}): .*\\n`, "gm"), "");

/** Runs a program of the host in the network namespace of a container. */
export const inside = (lab: TestLab, { host, container }: End, command: string): Promise<string> =>
  lab.on(host, `nsenter -t $(docker inspect -f '{{.State.Pid}}' ${container}) -n sh -c ${quote(command)}`);

/** What becomes of an IP packet of that many bytes which must not be fragmented; `too big` is said by whoever cannot pass it on. */
export type Fate = "arrives" | "too big" | "lost";

const fateOf = (said: string): Fate =>
  said.includes(" bytes from ") ? "arrives" : /message too long|Frag needed/i.test(said) ? "too big" : "lost";

/** Bytes of the headers of IP and ICMP. */
const HEADERS = 28;

const ping = (address: string, bytes: number): string =>
  `ping -c 1 -W 2 -M do -s ${bytes - HEADERS} ${address} 2>&1 || true`;

/** One echo request from a container, by the ping of its host. */
export const sent = async (lab: TestLab, from: End, address: string, bytes = 84): Promise<Fate> =>
  fateOf(await inside(lab, from, ping(address, bytes)));

/** One echo request of a host itself. */
export const sentByHost = async (lab: TestLab, host: string, address: string, bytes = 84): Promise<Fate> =>
  fateOf(await lab.on(host, ping(address, bytes)));

/** The address under which a container sees another one that connects to it. */
export const seenFrom = async (lab: TestLab, from: End, to: End): Promise<string> => {
  const url = `http://${await addressOf(lab, to.host, to.container)}/cgi-bin/who`;
  const said = await lab.on(from.host, `docker exec ${from.container} timeout 10 wget -q -O - ${url}`);
  return said.trim().replace(/^\[::ffff:(.*)\]$/, "$1");
};

/** Digests of 50 MB that one container has, and of what another one got of them by TCP within 30 s. */
export const download = async (
  lab: TestLab,
  { by, of }: { readonly by: End; readonly of: End },
): Promise<{ readonly sent: string; readonly got: string }> => {
  const make = `test -s /www/big || head -c ${BIG} /dev/urandom >/www/big; sha256sum </www/big`;
  const get = `timeout 30 wget -q -O - http://${await addressOf(lab, of.host, of.container)}/big | sha256sum`;
  const there = await lab.on(of.host, `docker exec ${of.container} sh -c '${make}'`);
  return { sent: there, got: await lab.on(by.host, `docker exec ${by.container} sh -c '${get}'`) };
};

/** Every ordered pair. */
export const bothWays = <T>(all: readonly T[]): readonly (readonly [T, T])[] =>
  all.flatMap((from) => all.filter((to) => to !== from).map((to) => [from, to] as const));
