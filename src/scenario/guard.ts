import { XhostError } from "../errors.ts";
import type { ByteStream, Host } from "../ssh/host.ts";

/** What a scenario is run on. */
export type Place = Omit<Host, "docker">;

/** A scenario's claim to a host, and the promise that what it does there is taken back. */
export type Guard = {
  /** The scenario's folder on the host: state, and what its processes write. */
  readonly folder: string;
  /** What an earlier run had left, and was taken away first: when that had begun. */
  readonly tookOver: string | undefined;
  /** Takes everything back and waits for it. Throws a REMOTE XhostError where that is not heard to have ended. */
  readonly end: () => Promise<void>;
  /** Lets all of it stand. */
  readonly keep: () => Promise<void>;
};

const PARENT = "/run/xhost/scenario";
export const folderOf = (scenario: string): string => `${PARENT}/${scenario}`;

/** Name in the folder of the script that takes everything back. */
export const UNDO = "undo.sh";

/**
 * Runs on the host for as long as the scenario does, and takes everything back however that ends: told to (SIGTERM), with the connection, or
 * 20 s after that was cut without a word (see `Host.stream`). The lock is the kernel's, and so goes with the process. What a run has left
 * that was killed together with its guard, or was kept, is taken back first.
 */
const guardScript = (scenario: string): string => {
  const folder = folderOf(scenario);
  return [
    `umask 077; mkdir -p ${folder} && cd ${folder} || exit 1`,
    `exec 9>>lock; flock -n 9 || { echo "held $(cat since 2>/dev/null)"; exit 0; }`,
    `back() { test ! -f ${UNDO} || sh ./${UNDO}; }`,
    `away() { cd /; rm -rf ${folder}; rmdir ${PARENT} /run/xhost 2>/dev/null; }`,
    `left=; if test -f ${UNDO} || test -f kept; then left=$(cat since); back; rm -f ${UNDO} begun broken kept; fi`,
    `date '+%F %T' >since`,
    `trap 'kill $! 2>/dev/null; test -f kept || { back; away; }; echo done; exit 0' TERM`,
    `echo "ready $left"`,
    // A shell that waits takes the signal at once; one that runs a program, when that has ended.
    `while :; do sleep 1000 9>&- >/dev/null 2>&1 & wait $!; done`,
  ].join("\n");
};

/** Arms the guard. Throws a CONFLICT error where the scenario is being run on that host by somebody else. */
export const arm = async (host: Place, scenario: string): Promise<Guard> => {
  const stream = await host.stream(guardScript(scenario), "guard the scenario");
  const said = linesOf(stream);
  const first = await said.next();
  const [word = "", ...rest] = (first.done === true ? "" : first.value).split(" ");
  const when = rest.join(" ");
  // What is not going to be read to its end is given up.
  if (word !== "ready") stream.cut();
  if (word === "held")
    throw new XhostError("CONFLICT", `the scenario ${scenario} is being run here since ${when}: wait for its end`, {
      host: host.name,
    });
  const finish = async (): Promise<void> => {
    stream.end();
    const patience = setTimeout(() => stream.cut(), 30_000);
    let last = "";
    for await (const line of said) last = line;
    clearTimeout(patience);
    const { stderr } = await stream.ended;
    if (last !== "done")
      throw new XhostError(
        "REMOTE",
        `take the scenario back: nothing was heard of its end; the host goes on with it by itself, within 20 s of a lost connection\n${stderr}`.trimEnd(),
        { host: host.name },
      );
  };
  if (word !== "ready")
    throw new XhostError("REMOTE", `guard the scenario: it did not start: ${first.value ?? "nothing was said"}`, {
      host: host.name,
    });
  return {
    folder: folderOf(scenario),
    tookOver: when === "" ? undefined : when,
    end: finish,
    keep: async () => {
      await host.run(`touch ${folderOf(scenario)}/kept`, "keep the scenario");
      await finish();
    },
  };
};

async function* linesOf({ bytes }: ByteStream): AsyncGenerator<string, undefined> {
  let rest = "";
  for await (const chunk of bytes) {
    const parts = (rest + chunk.toString()).split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
  return undefined;
}
