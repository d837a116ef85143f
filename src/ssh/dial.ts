import type { Duplex } from "node:stream";
import ssh2, { type Client } from "ssh2";
import { XhostError } from "../errors.ts";
import { authentication, type Auth } from "./auth.ts";
import { explain } from "./explain.ts";
import { decision, hostKeyAlgorithms, unsaved } from "./host-key.ts";
import { knownHostName, type KnownHost } from "./known-hosts.ts";
import type { Resolved } from "./resolve.ts";
import { keepKeysAsObjects } from "./secret-keys.ts";
import type { KnownHostsFiles } from "./trust.ts";

/** An SSH connection that is logged in. */
export type Connection = {
  readonly client: Client;
  readonly config: Resolved;
  /** Why it is no more; `undefined` while it stands. */
  readonly lost: () => string | undefined;
  readonly closed: Promise<void>;
  /** Says goodbye, and hangs up after a second without an answer. */
  readonly end: () => Promise<void>;
};

/** What a login needs from files and the agent. */
export type Credentials = { readonly auth: Auth; readonly entries: readonly KnownHost[] };

/** Reads it before there is a way to the server: a socket that fails while nobody listens fails in silence. */
export const credentials = async (config: Resolved, files: KnownHostsFiles): Promise<Credentials> => {
  const [auth, entries] = await Promise.all([
    authentication(config),
    files.entries([...config.userKnownHostsFiles, ...config.globalKnownHostsFiles]),
  ]);
  return { auth, entries };
};

type Dial = {
  readonly config: Resolved;
  readonly credentials: Credentials;
  /** The way to the server, connected or still connecting; belongs to the connection from here on. */
  readonly stream: Duplex;
  /** Seconds until the login must be done. */
  readonly timeout: number;
  readonly files: KnownHostsFiles;
  /** Tells the user of a host key that nobody has vouched for. */
  readonly note: (text: string) => void;
};

/** Shakes hands, checks the host key and logs in. Rejects with an XhostError that says only why, without the host. */
export const dial = async (way: Dial): Promise<Connection> => {
  const { config, stream, timeout } = way;
  const client = new ssh2.Client();
  let why: string | undefined;
  const closed = new Promise<void>((resolve) => {
    client.once("close", () => {
      why ??= "the other side has closed it";
      resolve();
    });
  });
  // For life: a reset that comes after the end would end the process otherwise.
  client.on("error", (error) => (why ??= isPassing(error) ? undefined : explain(error, { config, timeout })));
  stream.on("error", () => undefined);
  try {
    await loggedIn(client, way);
  } catch (error) {
    stream.destroy();
    throw error;
  }
  const end = async (): Promise<void> => {
    why ??= "it has been closed";
    client.end();
    const patience = setTimeout(() => stream.destroy(), 1000);
    await closed;
    clearTimeout(patience);
  };
  return { client, config, lost: () => why, closed, end };
};

const loggedIn = (
  client: Client,
  { config, credentials: { auth, entries }, stream, timeout, files, note }: Dial,
): Promise<void> =>
  new Promise((resolve, reject) => {
    let refused: string | undefined;
    let unknown: Buffer | undefined;
    let saved: Promise<void> | undefined;
    let isChecked = false;
    const fail = (why: string, cause?: unknown): void => {
      const login = isChecked ? `; ${auth.refusal()}` : "";
      reject(new XhostError("UNREACHABLE", refused ?? auth.refused() ?? `${why}${login}`, { cause }));
    };
    client.on("error", (error) => {
      if (isPassing(error) && auth.refused() === undefined) return;
      fail(explain(error, { config, timeout }), error);
    });
    client.once("close", () => fail("the other side hung up"));
    client.on("handshake", () => {
      isChecked = true;
      keepKeysAsObjects(client);
      if (unknown !== undefined) saved ??= save(config, files, unknown);
      // Somebody waits for it only after the login; a failure before that must not be an unhandled one.
      saved?.catch(() => undefined);
    });
    client.once("ready", () => {
      isChecked = false;
      (saved ?? Promise.resolve()).then(resolve, reject);
    });
    client.connect({
      sock: stream,
      username: config.user,
      readyTimeout: timeout * 1000,
      keepaliveInterval: (config.serverAliveInterval || 15) * 1000,
      keepaliveCountMax: 3,
      strictVendor: false,
      algorithms: { serverHostKey: [...hostKeyAlgorithms(config, entries)] },
      authHandler: auth.handler,
      hostVerifier: (key: Buffer) => {
        const decided = decision(config, entries, key);
        if (decided.kind === "refuse") refused = decided.why;
        if (decided.kind === "save") unknown = key;
        if (decided.kind !== "refuse" && decided.told !== undefined) note(decided.told);
        return decided.kind !== "refuse";
      },
    });
  });

/** ssh2 tells about a key that could not sign, and goes on with the next one. */
const isPassing = (error: Error): boolean =>
  "level" in error && (error.level === "agent" || error.level === "client-authentication");

const save = async (config: Resolved, files: KnownHostsFiles, key: Buffer): Promise<void> => {
  const [file] = config.userKnownHostsFiles;
  if (file === undefined) return;
  try {
    await files.add(file, { name: knownHostName(config), key, hashed: config.hashKnownHosts });
  } catch (cause) {
    if (config.strictHostKeyChecking !== "no") throw unsaved(file, cause);
  }
};
