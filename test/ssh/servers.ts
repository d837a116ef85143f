// SSH servers of the test process and a Docker that answers, for the tests beside it: started before the first one of a file.
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, vi } from "vitest";
import { XhostError } from "../../src/errors.ts";
import type { InventoryHost, SshOptions } from "../../src/inventory/inventory.ts";
import { connector, type Connector } from "../../src/ssh/connect.ts";
import { sshServer, type SshServer } from "../fakes/ssh-server.ts";

export const folder = mkdtempSync(join(tmpdir(), "xhost-ssh-"));
export const file = (name: string): string => join(folder, name);
export const fakes = file("bin");
export const dockerSocket = file("docker.sock");
export let server: SshServer;
export let rsa: SshServer;
export let open: Connector;
/** What the user of `open` was told in this test. */
export const notes: string[] = [];
export let identity: string;
let docker: Server;
const servers: SshServer[] = [];

export const start = async (options: Partial<Parameters<typeof sshServer>[0]> = {}): Promise<SshServer> => {
  const started = await sshServer({ authorized: [identity], path: fakes, ...options });
  servers.push(started);
  return started;
};
export const known = (name: string, ...lines: string[]): string => {
  writeFileSync(file(name), lines.map((line) => `${line}\n`).join(""));
  return file(name);
};
export const listed = ({ port, hostKey }: SshServer): string => `[127.0.0.1]:${port} ${hostKey}`;
export const hostOf = (
  { port }: { port: number },
  ssh: Partial<SshOptions> = {},
  rest: Partial<InventoryHost> = {},
) => ({
  name: "h1",
  dockerSocket,
  ...rest,
  ssh: {
    host: "127.0.0.1",
    port,
    user: "root",
    identityFile: file("id"),
    userKnownHostsFile: file("known"),
    ...ssh,
  },
});
/** What a failure says, with its code in front. */
export const failure = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "no failure",
    (error: unknown) => (error instanceof XhostError ? `${error.code} ${error.message}` : `a bug: ${String(error)}`),
  );
export const program = (name: string, script: string): void => {
  writeFileSync(join(fakes, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(fakes, name), 0o755);
};

beforeAll(async () => {
  vi.stubEnv("SSH_AUTH_SOCK", undefined);
  mkdirSync(fakes);
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", file("id")]);
  identity = readFileSync(file("id.pub"), "utf8").trim();
  server = await start();
  rsa = await start({ hostKeyType: "rsa" });
  known("known", listed(server), listed(rsa));
  docker = createServer((request, response) => {
    if (request.url === "/images/create?fromImage=x") {
      response.write('{"status":"pulling"}\n');
      setTimeout(() => response.end('{"status":"done"}\n'), 20);
    } else if (request.url === "/networks/none") {
      response.writeHead(404, { "content-type": "application/json" }).end('{"message":"network none not found"}');
    } else setTimeout(() => response.end("OK"), 1);
  });
  await new Promise<void>((resolve) => docker.listen(dockerSocket, resolve));
});
afterAll(async () => {
  await Promise.all(servers.map((each) => each.close()));
  docker.close();
  rmSync(folder, { recursive: true });
  vi.unstubAllEnvs();
});
beforeEach(() => {
  notes.length = 0;
  open = connector({ timeout: 30, note: (text) => notes.push(text) });
});
afterEach(async () => {
  await open.close();
});
