import type Dockerode from "dockerode";
import pLimit from "p-limit";
import { XhostError } from "../errors.ts";
import { channelAgent } from "./docker-agent.ts";
import { dockerChannels, type SshRemote } from "./docker-channels.ts";
import { lostError } from "./session.ts";

/**
 * Docker's API on one host. A call rejects with an XhostError when the daemon cannot be reached; the daemon's own
 * refusals keep `statusCode`, which is what tells "not found" from the rest, and `dockerCall` turns them into words.
 * A stream (pull, events, logs) holds one of at most 8 channels (4 where `dial-stdio` is needed) until it is closed.
 */
export type Docker = Dockerode;

/** What `loadDockerode` brings; loading it takes its time, so it is passed in. */
export type DockerLibrary = typeof Dockerode;

type DockerOver = { readonly remote: SshRemote; readonly socket: string; readonly Docker: DockerLibrary };

/** Dockerode over the SSH connection of a host. Sends nothing by itself; `end` gives up its idle channels. */
export const dockerOver = ({ remote, socket, Docker }: DockerOver): { docker: Docker; end: () => void } => {
  const channels = dockerChannels(remote, socket);
  const agent = channelAgent(channels.open);
  const docker = withoutDockerHost(() => new Docker(optionsFor(agent)));
  const modem = docker.modem as Modem;
  const dial = modem.dial.bind(modem);
  const places = { current: pLimit(1) };

  const failed = (cause: unknown): unknown => {
    if (!(cause instanceof Error) || cause instanceof XhostError) return cause;
    if ("statusCode" in cause || cause.name === "AbortError") return cause;
    channels.forget();
    const lost = lostError(remote, "docker");
    if (lost !== undefined) return lost;
    const why = `Docker cannot be reached at ${socket}: the request broke off: ${cause.message}`;
    return new XhostError("UNREACHABLE", why, { host: remote.name, cause });
  };
  const dialed = (options: unknown, callback: Callback): Promise<void> =>
    new Promise((release) => {
      dial(options, (error, data) => {
        // The place is free when the answer has been read: http opens more channels than it is allowed otherwise.
        if (isOpenStream(data)) data.once("close", release);
        else release();
        callback(error === null ? null : failed(error), data);
      });
    });
  modem.dial = (options, callback) => {
    const told = once(callback);
    // Neither http nor ssh2 tells of every request that was under way when the connection ended.
    void remote.connection.closed.then(() => told(failed(new Error("the connection ended")), null));
    channels.ready().then(
      (atOnce) => {
        if (places.current.concurrency !== atOnce) places.current = pLimit(atOnce);
        void places.current(() => dialed(options, told));
      },
      (error: unknown) => told(failed(error), null),
    );
  };
  return { docker, end: () => agent.destroy() };
};

/** The part of docker-modem that is used; dockerode's types call it `any`. */
type Modem = { dial: (options: unknown, callback: Callback) => void };
type Callback = (error: unknown, data: unknown) => void;

/** The first answer counts. */
const once = (callback: Callback): Callback => {
  let isTold = false;
  return (error, data) => {
    if (isTold) return;
    isTold = true;
    callback(error, data);
  };
};

const isOpenStream = (data: unknown): data is NodeJS.ReadableStream =>
  typeof data === "object" && data !== null && "pipe" in data && !("destroyed" in data && data.destroyed === true);

/** The host name is only text: without one, docker-modem would look for a local socket. */
const optionsFor = (agent: ReturnType<typeof channelAgent>): Dockerode.DockerOptions => {
  const options = { protocol: "http" as const, host: "docker", port: 80, agent };
  return options;
};

/** docker-modem reads DOCKER_HOST and what belongs to it (certificates, timeout), and fails when they are odd. */
const withoutDockerHost = <T>(construct: () => T): T => {
  const { DOCKER_HOST: before } = process.env;
  delete process.env["DOCKER_HOST"];
  try {
    return construct();
  } finally {
    if (before !== undefined) process.env["DOCKER_HOST"] = before;
  }
};
