import { XhostError } from "../errors.ts";
import { lines } from "../observe/script.ts";
import { heredoc } from "../plan/heredoc.ts";
import type { Step } from "./build.ts";
import { UNDO, type Guard, type Place } from "./guard.ts";
import { doScript, failureOf, undoScript, type Counted } from "./undo.ts";

/** A host with the guard that takes back what is done there. */
export type Guarded = { readonly host: Place; readonly guard: Guard };

/**
 * A change of ip_forward sets the forwarding of every device, and whether redirects are taken (inet_forward_change, net/ipv4/devinet.c): what
 * was different by device is put back one by one. Only after steps that change it: of others it is none of their business.
 */
const RESTORE = [
  `cd /proc/sys/net/ipv4/conf && while IFS=: read -r key value; do`,
  `  test ! -e $key || test "$(cat $key)" = "$value" || echo "$value" >$key`,
  `done <"$OLDPWD/devices"; cd "$OLDPWD"`,
];

/** The undo of everything, before anything is done; `more` is shell text that writes what the steps need besides. */
export const writeWayBack = async (
  { host, guard }: Guarded,
  { steps, broken, more = [] }: { steps: readonly Step[]; broken: readonly Step[]; more?: readonly string[] },
): Promise<void> => {
  const isForwarding = [...steps, ...broken].some(({ command }) => command.startsWith("sysctl -w net.ipv4."));
  const undo = [
    "cd ${0%/*} || exit 1",
    ...[undoScript(broken, "broken"), undoScript(steps, "begun")],
    ...(isForwarding ? RESTORE : []),
  ].join("\n");
  const script = [
    `umask 077; cd ${guard.folder} || exit 1`,
    `test -f devices || (cd /proc/sys/net/ipv4/conf && grep -H . */forwarding all/accept_redirects | grep -v ^all/forwarding) >devices`,
    ...more,
    // Renamed into place: there is a whole one at any moment.
    ...heredoc(`cat >${UNDO}.new`, [undo]),
    `mv ${UNDO}.new ${UNDO}`,
  ].join("\n");
  await host.run(script, "write the way back");
};

/** Does steps in order and returns what they print. Throws a REMOTE XhostError with the command of the first that fails. */
export const doGuarded = async (
  { host, guard }: Guarded,
  steps: readonly Step[],
  counted: Counted,
): Promise<string> => {
  const output = await host.run(`cd ${guard.folder} || exit 1\n${doScript(steps, counted)}`, "build the scenario");
  const failure = failureOf(output);
  if (failure === undefined) return output;
  const { number, status, said } = failure;
  const step = steps[number - counted.first];
  const text = `${step?.does ?? ""}: exit status ${status}\n${step?.command ?? ""}\n${said}`.trimEnd();
  throw new XhostError("REMOTE", text, { host: host.name });
};

/** Takes back what a break has begun; returns what failed of it, in words. */
export const mendGuarded = async ({ host, guard }: Guarded, broken: readonly Step[]): Promise<readonly string[]> => {
  const script = `cd ${guard.folder} || exit 1\n${undoScript(broken, "broken", "told")}`;
  return lines(await host.run(script, "mend what was broken")).map((line) => `${host.name}: undo: ${line}`);
};
