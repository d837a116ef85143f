// Changes of tunnels that nobody confirms, where no systemd runs: a process of its own takes them back.
import { afterAll, beforeAll, describe } from "vitest";
import { deployed } from "../plane-table.ts";
import { testLab, type TestLab } from "../xhost.ts";
import { testTakenBack, testTakenOver, unconfirmedOn } from "./unconfirmed.ts";

describe("a change of planes that nobody confirms, Docker 20.10 and 28.5", () => {
  let lab: TestLab;
  beforeAll(async () => {
    lab = await testLab("xun", 2, "bookworm,sid");
    await deployed(lab, await unconfirmedOn(() => lab).inventory("wireguard"));
  });
  afterAll(() => lab.down());

  testTakenBack(() => lab, { from: "wireguard", to: "vxlan" });
  testTakenBack(() => lab, { from: "vxlan", to: "wireguard" });
  testTakenOver(() => lab, "vxlan");
});
