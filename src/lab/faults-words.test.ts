import { expect, test } from "vitest";
import { checkedFaults, faultsAt, faultWords, noFaults } from "./faults-words.ts";

const hosts = [{ name: "h1" }, { name: "h2" }];
const faults = { drop: ["proto4", "udp:4789@to-h1"], mtu: ["1400", "h2=1300", "fabric=9000"], down: ["h2"] };

test("what is right stays, without repeats", () => {
  expect(checkedFaults("demo", hosts, faults)).toEqual(faults);
  expect(checkedFaults("demo", hosts, { drop: ["udp", "udp"], mtu: [], down: ["h1", "h1"] })).toEqual({
    drop: ["udp"],
    mtu: [],
    down: ["h1"],
  });
});

test("everything that is wrong is said at once", () => {
  const wrong = { drop: ["rain", "proto4@from-h3"], mtu: ["9", "h4=1400", "1400", "1500"], down: ["h5", "fabric"] };
  const absent = (host: string) => `lab demo: no host ${host}: has h1, h2`;
  expect(() => checkedFaults("demo", hosts, wrong)).toThrow(
    [
      'drop "rain": should be proto4, udp, udp:PORT or foreign-sources, for one host followed by @HOST, @from-HOST or @to-HOST',
      absent("h3"),
      'mtu "9": should be N, HOST=N or fabric=N with N from 576 to 9216',
      absent("h4"),
      'mtu "1500": there is one for all already',
      absent("h5"),
      absent("fabric"),
    ].join("\n"),
  );
});

test("the faults are shown as the options that declare them", () => {
  expect(faultWords(faults).join(" ")).toBe(
    "--drop proto4 --drop udp:4789@to-h1 --mtu 1400 --mtu h2=1300 --mtu fabric=9000 --down h2",
  );
  expect(faultWords(noFaults)).toEqual([]);
});

test("a host's line has what it meets", () => {
  expect(faultsAt(faults, "h1")).toBe("drop proto4, drop udp:4789@to-h1, mtu 1400, mtu fabric=9000");
  expect(faultsAt(faults, "h2")).toBe("drop proto4, mtu 1400, mtu h2=1300, mtu fabric=9000, down");
  expect(faultsAt(noFaults, "h1")).toBe("");
});
