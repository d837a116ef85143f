// Connections or Docker go in the middle of a deploy, at a turn of it that is known.
import { expect, test } from "vitest";
import { CLI, type TestLab } from "../xhost.ts";
import { CHANGE_OF_H1, CONFIRMATION, hooked, type Hooked } from "./at.ts";

/** What a shell runs that xhost has started: ends all other programs of xhost, through which its connections go. */
const CUT_ALL = "for p in $(pgrep -P $PPID); do test $p = $$ || kill -9 $p; done";
/** The turn in which c1 is made, on h1. */
const MAKES_C1 = String.raw`^POST .*/containers/create\?.*name=c1\b`;

/** A lab with an inventory that is not deployed. */
type Disturbed = {
  readonly lab: TestLab;
  readonly file: string;
  /** The kernel's state of a host that is ours. */
  readonly ours: (host: string) => Promise<string>;
  /** Waits until the hosts know that a run which was cut off is over. */
  readonly unlocked: () => Promise<unknown>;
  /** Deploys, and looks whether all is there; what that has said on stderr. */
  readonly expectWhole: () => Promise<string>;
  /** Destroys, and looks whether all is as before. */
  readonly gone: () => Promise<void>;
};

const deployed = ({ lab, file }: Disturbed, how: Hooked) =>
  hooked(lab, how, "deploy", file, "--yes", "--confirm-timeout", "240");

/** The connections of xhost go. */
export const testCutConnections = (at: () => Disturbed): void => {
  test.each([
    ["before h1 is changed", CHANGE_OF_H1, /^h1: /m, /^/],
    [
      "before the change is confirmed",
      CONFIRMATION,
      /^h[12]: /m,
      /h[12]: an earlier run ended before its change was confirmed; it is kept/,
    ],
  ])("connections that break %s: it is told, and the next deploy completes", async (_when, moment, told, next) => {
    const { exitCode, stderr } = await deployed(at(), { at: moment, run: CUT_ALL });
    expect(stderr).toContain("(ran: 0)");
    expect(exitCode, stderr).toBe(4);
    expect(stderr).toMatch(told);
    if (moment === CHANGE_OF_H1) expect(await at().ours("h1")).toBe("");
    await at().unlocked();
    expect(await at().expectWhole()).toMatch(next);
    await at().gone();
  });
};

/** Docker goes on h1. */
export const testDocker = (at: () => Disturbed): void => {
  /** A command on h1, for a shell of this machine. */
  const onH1 = (command: string): string =>
    `"${process.execPath}" "${CLI}" lab exec ${at().lab.lab.name} h1 ${command}`;

  test("Docker stops in the middle, and is started again", async () => {
    const run = onH1("stop-docker");
    const { exitCode, stderr } = await deployed(at(), { at: MAKES_C1, run });
    expect(stderr).toContain("(ran: 0)");
    expect([1, 4], stderr).toContain(exitCode);
    expect(stderr).toMatch(/^h1: /m);
    await at().lab.on("h1", "start-docker; until docker info >/dev/null 2>&1; do sleep 0.2; done");
    expect(await at().lab.on("h1", "docker ps -aq")).toBe("");
    await at().expectWhole();
    await at().gone();
  });

  test("Docker restarts just before routes and firewall are set: containers stop, and the next deploy starts them", async () => {
    const run = onH1("sh -c 'stop-docker; start-docker; until docker info >/dev/null 2>&1; do sleep 0.2; done'");
    const { exitCode, stdout, stderr } = await deployed(at(), { at: CHANGE_OF_H1, run });
    expect(stderr).toContain("(ran: 0)");
    // The containers do not run, or else Docker cannot be asked over a channel that has ended with it.
    expect([1, 4], stdout + stderr).toContain(exitCode);
    expect(await at().ours("h1")).toContain("XHOST");
    expect(await at().lab.on("h1", "docker ps -q")).toBe("");
    await at().expectWhole();
    await at().gone();
  });
};
