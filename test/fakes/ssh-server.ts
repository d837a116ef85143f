import { spawn } from "node:child_process";
import { createConnection, createServer, type AddressInfo } from "node:net";
import ssh2, { type AuthContext, type Connection, type Server, type ServerChannel } from "ssh2";

/** An sshd in this process that really runs the commands it is sent, as the user of the tests. */
export type SshServer = {
  readonly port: number;
  /** `ssh-ed25519 AAAA...`, as a line of known_hosts has it. */
  readonly hostKey: string;
  readonly commands: string[];
  /** Public keys that clients tried, each once, base64. */
  readonly offered: string[];
  readonly seen: {
    connections: number;
    unauthenticated: number;
    mostUnauthenticated: number;
    sessions: number;
    mostSessions: number;
  };
  /** Cuts every connection. */
  readonly drop: () => void;
  readonly close: () => Promise<void>;
};

type Options = {
  /** Public keys that are let in, `ssh-ed25519 AAAA...`. */
  readonly authorized: readonly string[];
  readonly hostKeyType?: "ed25519" | "rsa";
  /** Folders before PATH, for fake programs. */
  readonly path?: string;
  readonly streamLocal?: boolean;
  /** Milliseconds before a login succeeds. */
  readonly loginDelay?: number;
};

/** ssh2 writes about one ed25519 key in 250 so that it cannot read it back ("Malformed OpenSSH private key"): try again then. */
const hostKeyPair = (type: Options["hostKeyType"]): ReturnType<typeof ssh2.utils.generateKeyPairSync> => {
  for (;;) {
    const pair =
      type === "rsa"
        ? ssh2.utils.generateKeyPairSync("rsa", { bits: 2048 })
        : ssh2.utils.generateKeyPairSync("ed25519");
    if (!(ssh2.utils.parseKey(pair.private) instanceof Error)) return pair;
  }
};

export const sshServer = async (options: Options): Promise<SshServer> => {
  const pair = hostKeyPair(options.hostKeyType);
  const seen = { connections: 0, unauthenticated: 0, mostUnauthenticated: 0, sessions: 0, mostSessions: 0 };
  const commands: string[] = [];
  const offered = new Set<string>();
  const clients = new Set<Connection>();
  const server: Server = new ssh2.Server({ hostKeys: [pair.private] }, (client) => {
    clients.add(client);
    seen.connections++;
    seen.mostUnauthenticated = Math.max(seen.mostUnauthenticated, ++seen.unauthenticated);
    let isIn = false;
    client.on("error", () => undefined);
    client.on("close", () => {
      clients.delete(client);
      if (!isIn) seen.unauthenticated--;
    });
    client.on("ready", () => {
      isIn = true;
      seen.unauthenticated--;
    });
    client.on("authentication", (context) => {
      if (context.method === "publickey") offered.add(context.key.data.toString("base64"));
    });
    client.on("authentication", (context) => setTimeout(() => login(context, options), options.loginDelay ?? 0));
    client.on("session", (accept) => {
      accept().on("exec", (acceptExec, _reject, { command }) => {
        commands.push(command);
        seen.mostSessions = Math.max(seen.mostSessions, ++seen.sessions);
        void execute(acceptExec(), command, options).finally(() => seen.sessions--);
      });
    });
    client.on("tcpip", (accept, reject, { destIP: host, destPort: port }) => {
      connect({ host, port }, accept, reject);
    });
    if (options.streamLocal !== false) {
      client.on("openssh.streamlocal", (accept, reject, { socketPath: path }) => {
        connect({ path }, accept, reject);
      });
    }
  });
  // ssh2's own listener leaves Nagle's algorithm on, which costs 40 ms at every turn.
  const listener = createServer({ noDelay: true }, (socket) => server.injectSocket(socket));
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const drop = (): void => clients.forEach((client) => client.end());
  return {
    port: (listener.address() as AddressInfo).port,
    hostKey: pair.public.split(" ").slice(0, 2).join(" "),
    commands,
    get offered() {
      return [...offered];
    },
    seen,
    drop,
    close: () => {
      drop();
      return new Promise<void>((resolve) => listener.close(() => resolve()));
    },
  };
};

const login = (context: AuthContext, options: Options): void => {
  if (isAllowed(context, options)) context.accept();
  else context.reject(["publickey"]);
};

const isAllowed = (context: AuthContext, { authorized }: Options): boolean => {
  if (context.method !== "publickey") return false;
  const offered = `${context.key.algo} ${context.key.data.toString("base64")}`;
  if (!authorized.includes(offered)) return false;
  if (context.signature === undefined) return true;
  const key = ssh2.utils.parseKey(offered);
  return !(key instanceof Error) && key.verify(context.blob!, context.signature, context.hashAlgo);
};

const execute = (channel: ServerChannel, command: string, { path }: Options): Promise<void> =>
  new Promise((resolve) => {
    const PATH = path === undefined ? process.env["PATH"] : `${path}:${process.env["PATH"] ?? ""}`;
    const child = spawn("sh", ["-c", `exec ${command}`], { env: { ...process.env, PATH } });
    child.stdin.on("error", () => undefined);
    channel.on("error", () => undefined).on("close", () => child.kill());
    channel.pipe(child.stdin);
    child.stdout.on("data", (chunk) => channel.write(chunk));
    child.stderr.on("data", (chunk) => channel.stderr.write(chunk));
    child.on("close", (status, signal) => {
      if (status === null) channel.exit(signal?.replace("SIG", "") ?? "TERM");
      else channel.exit(status);
      channel.end();
      resolve();
    });
  });

const connect = (
  to: { host: string; port: number } | { path: string },
  accept: () => ServerChannel,
  reject: () => void,
): void => {
  const socket = createConnection({ ...to, noDelay: true });
  socket.once("error", reject);
  socket.once("connect", () => {
    const channel = accept();
    socket.off("error", reject).on("error", () => channel.close());
    channel.on("error", () => undefined).on("close", () => socket.destroy());
    channel.pipe(socket).pipe(channel);
  });
};
