import { describe, expect, test } from "vitest";
import { hostPingsOf, needsOf, pairCauses, waysInUse } from "../../src/doctor/pairs.ts";
import { sceneOf } from "./scenes.ts";

describe("what the packets between the hosts tell", () => {
  /** Bytes that arrive by way, `h1 h2`; everything of full size where nothing is said. */
  const told = async (
    sizes: Readonly<Record<string, number>>,
    { edit, mute = [] }: { edit?: (text: string) => string; mute?: readonly string[] } = {},
  ): Promise<readonly string[]> => {
    const scene = await sceneOf({ moment: "after", ...(edit && { edit }) });
    const needs = needsOf(scene);
    const ways = waysInUse(scene, needs, false);
    expect(ways).toHaveLength(6);
    const measured = ways.map((way) => {
      const bytes = sizes[`${way.from} ${way.to}`] ?? way.mtu;
      return [way, new Map(way.carriers.map((carrier) => [carrier, bytes]))] as const;
    });
    const answered = hostPingsOf(ways).map((ping) => [ping, !mute.includes(`${ping.from} ${ping.to}`)] as const);
    const all = pairCauses(scene, { needs, sizes: new Map(measured), answered: new Map(answered) }, []);
    return all.map(({ id, host, peer, seen, remedy, deployFixes }) =>
      [
        id,
        peer === undefined ? host : `${host} > ${peer}`,
        deployFixes,
        seen,
        "|",
        remedy.command.split("\n").at(-1),
      ].join(" "),
    );
  };
  const auto = (text: string): string => text.replace("plane: route", "plane: auto");
  const reprobe = "xhost deploy inventory.yml --reprobe";

  test("everything arrives", async () => {
    expect(await told({})).toEqual([]);
  });
  test("one direction is lost", async () => {
    expect(await told({ "h1 h2": 0 })).toEqual([
      `foreign-dropped h1 > h2 false packets with container addresses do not arrive from h1 to h2, though they do the other way | ${reprobe}`,
    ]);
  });
  test("with auto a deploy takes another plane", async () => {
    expect(await told({ "h1 h2": 0, "h2 h1": 0 }, { edit: auto })).toEqual([
      `foreign-dropped h1 > h2 true packets with container addresses do not arrive from h1 to h2 nor from h2 to h1 | ${reprobe}`,
    ]);
  });
  test("nothing arrives, pings neither", async () => {
    expect(await told({ "h1 h2": 0, "h2 h1": 0 }, { mute: ["h1 h2", "h2 h1"] })).toEqual([
      `underlay-lost h1 > h2 false neither pings nor packets with container addresses arrive from h1 to h2 nor from h2 to h1 | ${reprobe}`,
    ]);
  });
  test("the way has become narrow", async () => {
    expect(await told({ "h3 h2": 1400, "h2 h3": 1380 })).toEqual([
      `path-mtu h2 > h3 true packets with container addresses arrive from h2 to h3 and from h3 to h2 only up to 1380 bytes, not 1500 | ${reprobe}`,
    ]);
  });
  test("pings alone are no fault", async () => {
    expect(await told({}, { mute: ["h1 h3"] })).toEqual([
      expect.stringMatching(/^underlay-ping h[13] > h[13] false h3 \(10\.211\.55\.13\) does not answer pings of h1/),
    ]);
  });
});
