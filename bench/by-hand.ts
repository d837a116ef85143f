// bench/hand.sh on a fleet.
import { writeFile } from "node:fs/promises";
import { labImage } from "../src/lab/names.ts";
import { READ_SCRIPT } from "../src/observe/script.ts";
import { COMMAND, root, type Fleet, type Place } from "./fleet.ts";

export type ByHand = Readonly<Record<"deploy" | "read" | "change" | "join" | "destroy", () => Promise<unknown>>>;

/** `read` runs the script that xhost looks at a host with, on all hosts that are there from the beginning; `destroy` is of all. */
export const byHand = async (fleet: Fleet): Promise<ByHand> => {
  const { run, size, places, folder } = fleet;
  const script = `${folder}/read.sh`;
  await writeFile(script, READ_SCRIPT);
  const [first, grown] = [await tableOf(fleet, places.slice(0, size)), await tableOf(fleet, places)];
  const env = handEnvironment(fleet);
  const hand = (what: string, table: string) => run([`${root}bench/hand.sh`, what, table], { env });
  return {
    deploy: () => hand("deploy", first),
    read: () => run(["bash", "-c", 'exec "$0" run "$1" <"$2"', `${root}bench/hand.sh`, first, script], { env }),
    change: () => hand("change", first),
    join: () => hand("join", grown),
    destroy: () => hand("destroy", grown),
  };
};

/** Where the hosts of hand.sh or swarm.sh are written. */
export const tableOf = async ({ folder }: Fleet, places: readonly Place[]): Promise<string> => {
  const file = `${folder}/${places.length}-hosts.txt`;
  const lines = places.map((p) => `${p.address} ${p.container} ${p.subnet} ${p.gateway} ${p.end}\n`);
  await writeFile(file, lines.join(""));
  return file;
};

/** How the scripts get to the hosts, and what they put there. */
export const handEnvironment = ({ ssh, bridge, version }: Fleet): Readonly<Record<string, string>> => ({
  ...{ KEY: ssh.identityFile, KNOWN_HOSTS: ssh.userKnownHostsFile, PROXY: ssh.proxyCommand },
  ...{ IMAGE: labImage, COMMAND, BRIDGE: bridge, RAW: Number.parseInt(version, 10) >= 28 ? "yes" : "no" },
});
