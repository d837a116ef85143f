import { expect, test } from "vitest";
import { comeInto, translated } from "./nat.ts";
import { answerTo, request } from "./packet.ts";

const came = request({ source: "10.0.0.1", destination: "10.0.0.2", port: 80 });
const left = translated(came, { target: "DNAT", to: "172.30.1.2", own: undefined });

test("a translated packet says so, one that keeps its addresses does not", () => {
  expect(left.nat).toEqual(["dnat"]);
  expect(translated(left, { target: "MASQUERADE", to: "", own: "10.0.0.9" }).nat).toEqual(["dnat", "snat"]);
  expect(translated(came, { target: "DNAT", to: "10.0.0.2", own: undefined }).nat).toEqual([]);
});

test("only the namespace that has translated a connection knows of it, of its answers too", () => {
  const [here, elsewhere] = [{}, {}];
  const tracked = [{ space: here, came, left }];
  expect(comeInto(left, tracked, elsewhere).nat).toEqual([]);
  expect(comeInto(answerTo(left), tracked, elsewhere).nat).toEqual([]);
  expect(comeInto(answerTo(left), tracked, here).nat).toEqual(["dnat"]);
});
