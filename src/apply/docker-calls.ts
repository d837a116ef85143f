import { extended, XhostError } from "../errors.ts";
import { callText, connection, disconnection } from "../plan/format.ts";
import { secretsOf, withoutSecrets } from "../plan/secrets.ts";
import type { DockerCall } from "../plan/step.ts";
import { dockerCall } from "../ssh/docker-call.ts";
import type { Host } from "../ssh/host.ts";
import { pullImage } from "./pull.ts";

/** What a call needs to know besides its own data. */
export type CallContext = { readonly say: (text: string) => void; readonly signal: AbortSignal };

/** Runs the calls of a step; when one fails, what the earlier ones did is taken back in reverse order. */
export const runCalls = async (host: Host, calls: readonly DockerCall[], context: CallContext): Promise<void> => {
  const undo: DockerCall[] = [];
  const secrets = secretsOf(calls);
  for (const call of calls) {
    try {
      await runCall(host, call, context);
    } catch (cause) {
      const error = cause instanceof XhostError ? masked(cause, secrets) : cause;
      await takeBack(host, { undo, secrets, why: error }, context);
      throw error instanceof XhostError ? withReturned(error, undo) : error;
    }
    if (call.undo !== undefined) undo.unshift(call.undo);
  }
};

/** An engine repeats what it refuses, such as a variable or the words of a command. */
const masked = (error: XhostError, secrets: readonly string[]): XhostError => {
  const { code, host = "", message } = error;
  const told = withoutSecrets(message, secrets);
  return told === message ? error : new XhostError(code, told.replace(`${host}: `, ""), { host });
};

/** Says of a container that was stopped or renamed for its successor that it is there again, which it has been put back to be. */
const withReturned = (error: XhostError, undo: readonly DockerCall[]): XhostError => {
  const back = undo.find((call) => call.call === "renameContainer");
  if (back === undefined) return error;
  const runs = undo.some((call) => call.call === "startContainer" && call.name === back.to);
  const line = `the container ${back.to} that was there before is back${runs ? " and runs" : ", not running as before"}`;
  return extended(error, [line]);
};

type Failed = { readonly undo: readonly DockerCall[]; readonly secrets: readonly string[]; readonly why: unknown };

/** Tries every undo, also after one that fails, and says what could not be taken back. */
const takeBack = async (host: Host, { undo, secrets, why }: Failed, context: CallContext): Promise<void> => {
  const failed: string[] = [];
  for (const call of undo)
    await runCall(host, call, context).catch((error: unknown) => {
      if (!(error instanceof XhostError)) throw error;
      failed.push(withoutSecrets(error.message, secrets));
    });
  if (failed.length > 0 && why instanceof XhostError)
    throw extended(why, ["and it could not be taken back:", ...failed]);
};

const runCall = async (host: Host, call: DockerCall, context: CallContext): Promise<void> => {
  context.say(callText(call).split(" ", 2).join(" "));
  if (call.call === "pullImage") return pullImage(host, call.image, context);
  await dockerCall(host, describe(call), dispatch(host, call));
};

const dispatch = async ({ docker }: Host, call: Exclude<DockerCall, { call: "pullImage" }>): Promise<unknown> => {
  switch (call.call) {
    case "createVolume":
      return docker.createVolume({ Name: call.name, Labels: call.labels });
    case "removeVolume":
      return ignoring(404, docker.getVolume(call.name).remove());
    case "createNetwork":
      // Engines before 23 allow two networks of one name unless they are asked to check.
      return docker.createNetwork({ ...structuredClone(call.body), CheckDuplicate: true } as Parameters<
        typeof docker.createNetwork
      >[0]);
    case "removeNetwork":
      return ignoring(404, docker.getNetwork(call.name).remove());
    case "createContainer":
      return docker.createContainer({ ...structuredClone(call.body), name: call.name } as Parameters<
        typeof docker.createContainer
      >[0]);
    case "startContainer":
      return ignoring(304, docker.getContainer(call.name).start());
    case "stopContainer":
      return ignoring(304, docker.getContainer(call.name).stop());
    case "unpauseContainer":
      return docker.getContainer(call.name).unpause();
    case "connectNetwork":
      return docker.getNetwork(call.network).connect(connection(call));
    case "disconnectNetwork":
      return docker.getNetwork(call.network).disconnect(disconnection(call));
    case "renameContainer":
      return docker.getContainer(call.name).rename({ name: call.to });
    case "removeContainer":
      return ignoring(404, docker.getContainer(call.name).remove({ force: true, v: call.volumes }));
  }
};

/** Already as it should be: 304 not modified, 404 gone. */
const ignoring = async (status: number, call: Promise<unknown>): Promise<void> => {
  await call.catch((error: unknown) => {
    if (typeof error !== "object" || error === null || !("statusCode" in error) || error.statusCode !== status)
      throw error;
  });
};

const WORDS: Readonly<Record<Exclude<DockerCall["call"], "pullImage">, string>> = {
  createVolume: "create volume",
  removeVolume: "remove volume",
  createNetwork: "create network",
  removeNetwork: "remove network",
  createContainer: "create container",
  startContainer: "start container",
  stopContainer: "stop container",
  unpauseContainer: "unpause container",
  connectNetwork: "connect container",
  disconnectNetwork: "disconnect container",
  renameContainer: "rename container",
  removeContainer: "remove container",
};

const describe = (call: Exclude<DockerCall, { call: "pullImage" }>): string =>
  `${WORDS[call.call]} ${call.call === "createNetwork" ? call.body.Name : call.name}`;
