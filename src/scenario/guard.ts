import { XhostError } from "../errors.ts";
import { NAME } from "./scenario.ts";
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
/** Throws for what is no name of a scenario: it becomes part of shell text that removes. */
export const folderOf = (scenario: string): string => {
  if (!NAME.test(scenario)) throw new TypeError(`no name of a scenario: ${scenario}`);
  return `${PARENT}/${scenario}`;
};

/** Name in the folder of the script that takes everything back. */
export const UNDO = "undo.sh";
/** Held by steps that are being done. */
export const STEPS = "steps.lock";
const LOCK = `${PARENT}/lock`;

/**
 * Runs on the host for as long as the scenario does, and takes everything back however that ends: told to (SIGTERM), with the connection, or
 * 20 s after that was cut without a word (see `Host.stream`). The lock is the kernel's, and so goes with the process; it is one for all scenarios
 * of the host, which share its sysctls. What a run has left that was killed together with its guard, or was kept, is taken back first. Steps
 * that go on after their connection see `stop`, and are waited for, before anything is taken back.
 */
const guardScript = (scenario: string): string => {
  const folder = folderOf(scenario);
  return [
    `umask 077; mkdir -p ${PARENT} && cd ${PARENT} || exit 1`,
    `hold() { exec 9>>${LOCK}; flock -n 9 || return 1; test "$(stat -c %i ${LOCK} 2>/dev/null)" = "$(stat -Lc %i /proc/self/fd/9)" || hold; }`,
    `hold || { echo "held $(cat ${LOCK})"; exit 0; }`,
    `mkdir -p ${folder} && cd ${folder} && rm -f stop && echo "${scenario} since $(date '+%F %T')" >${LOCK} || exit 1`,
    `back() { : >stop; exec 8>>${STEPS}; flock -w 25 8; test ! -f ${UNDO} || sh ./${UNDO}; exec 8>&-; rm -f stop; }`,
    `away() { cd /; rm -rf ${folder} ${LOCK}; rmdir ${PARENT} /run/xhost 2>/dev/null; }`,
    `left=; if test -f ${UNDO} || test -f kept; then left=$(cat since); back; rm -f ${UNDO} begun broken kept; fi`,
    `date '+%F %T' >since`,
    `trap 'kill $! 2>/dev/null; if test -f kept; then rm -f ${LOCK}; else back; away; fi; echo done; exit 0' TERM`,
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
    throw new XhostError(
      "CONFLICT",
      `the scenario ${when === "" ? scenario : when.replace("since", "is being run here since")}: wait for its end`,
      {
        host: host.name,
      },
    );
  const finish = async (): Promise<void> => {
    stream.end();
    const patience = setTimeout(() => stream.cut(), 30_000);
    let last = "";
    try {
      for await (const line of said) last = line;
    } catch (error) {
      // The connection is lost: what is not heard is told below.
      if (!(error instanceof XhostError)) throw error;
    } finally {
      clearTimeout(patience);
    }
    const { stderr } = last === "done" ? { stderr: "" } : await stream.ended.catch(() => ({ stderr: "" }));
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
