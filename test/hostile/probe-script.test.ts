import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { expect, test } from "vitest";
import { probeScript } from "../../src/doctor/probe-script.ts";
import { hostile } from "./texts.ts";

/** Nobody's namespace; what the processes are called is told on file descriptor 7. */
const STAND_INS = `exec 7>&2; nsenter() { shift 3; printf '%s\\n' "$*" >&7; "$@"; }\n`;

test("a check asks for the very address that is written, and no process is called by it", async () => {
  const asked: string[] = [];
  const server = createServer(({ url = "", headers: { host = "" } }, response) => {
    asked.push(`http://${host}${url}`);
    response.end("fine");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const paths = fc.sample(hostile, { numRuns: 40, seed: 6 });
  const urls = paths.map((text) => `http://web:${port}/s3cr3t${text}`).filter((url) => URL.canParse(url));
  const jobs = urls.map((url, index) => ({
    ...{ index, pid: 1, address: "127.0.0.1", delay: 0, patience: 5 },
    probe: { kind: "http", url, status: 200 } as const,
  }));
  const shell = spawn("sh", ["-s"]);
  shell.stdin.end(STAND_INS + probeScript(jobs));
  const [said, called] = await Promise.all([shell.stdout.toArray(), shell.stderr.toArray()] as Promise<Buffer[]>[]);
  server.close();
  const lines = Buffer.concat(said!).toString().trim().split("\n");
  expect(lines.toSorted()).toEqual([...urls.map((_, index) => `P ${index} ok`), "E"].toSorted());
  const wanted = urls.map((url) => new URL(url).href.replace(/#.*$/, ""));
  expect(asked.toSorted()).toEqual(wanted.toSorted());
  expect(Buffer.concat(called!).toString()).not.toContain("s3cr3t");
});
