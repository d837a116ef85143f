// Docker's API of each host of the scale bench, as a view of the one engine: node bench/scale-shim.ts FOLDER HOSTS
// Runs in the lab's mount and pid namespaces. Networks only: calls on anything else reach the engine as they are.
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { Agent, createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import { json } from "node:stream/consumers";
import { promisify } from "node:util";
import { engineSocket, nameOf, pidFileOf, socketOf } from "./scale-place.ts";
import { bridgeLines, bridgeRemoval, engineCall, hostAnswer, type Call, type Network } from "./scale-view.ts";

const [folder = "", hosts = "0"] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true, maxSockets: 16 });

type Answer = { readonly status: number; readonly body: unknown };

const engine = async ({ method, path, body }: Call): Promise<Answer> => {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const text = body === undefined ? undefined : JSON.stringify(body);
  const headers = text === undefined ? {} : { "content-type": "application/json" };
  request({ socketPath: engineSocket(folder), agent, method, path, headers }, resolve)
    .on("error", reject)
    .end(text);
  const response = await promise;
  return { status: response.statusCode ?? 500, body: await json(response).catch(() => undefined) };
};

const answer = async (host: number, call: Call): Promise<Answer> => {
  const name = nameOf(host);
  const { pathname } = new URL(call.path, "http://docker");
  const isRemoval = call.method === "DELETE" && pathname.includes("/networks/");
  const gone = isRemoval ? await answer(host, { ...call, method: "GET" }) : undefined;
  const { status, body } = await engine(engineCall(name, call));
  if (pathname.endsWith("/networks/create") && status === 201) await ip(host, bridgeLines(call.body as Network));
  if (gone?.status === 200 && status === 204) await ip(host, bridgeRemoval(gone.body as Network));
  return { status, body: hostAnswer(name, body) };
};

/** In the host's network namespace. */
const ip = async (host: number, lines: readonly string[]): Promise<void> => {
  const pid = (await readFile(pidFileOf(folder, host), "utf8")).trim();
  const running = promisify(execFile)("nsenter", [`--net=/proc/${pid}/ns/net`, "ip", "-batch", "-"]);
  running.child.stdin?.end(`${lines.join("\n")}\n`);
  await running;
};

const serve = async (host: number, asked: IncomingMessage, response: ServerResponse): Promise<void> => {
  const body = await json(asked).catch(() => undefined);
  const call = { method: asked.method ?? "GET", path: asked.url ?? "/", body };
  const { status, body: told } = await answer(host, call).catch((error: unknown) => ({
    status: 500,
    body: { message: String(error) },
  }));
  const isEmpty = told === undefined || status === 204 || status === 304;
  response.writeHead(status, { "content-type": "application/json" }).end(isEmpty ? undefined : JSON.stringify(told));
};

await Promise.all(
  Array.from({ length: Number(hosts) }, async (_, i) => {
    const server = createServer((asked, response) => void serve(i + 1, asked, response));
    // An idle channel that ends while xhost sends the next call on it would look like a broken engine.
    server.keepAliveTimeout = 0;
    await new Promise<void>((resolve) => server.listen(socketOf(folder, i + 1), resolve));
  }),
);
await writeFile(`${folder}/shim.ready`, "");
