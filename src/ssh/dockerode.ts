import { createRequire, Module } from "node:module";
import type { DockerLibrary } from "./docker.ts";

const require = createRequire(import.meta.url);

/** What dockerode asks for to build images with BuildKit (its lib/docker.js), which is not called here: it brings gRPC, a half of what is loaded. */
const SESSION = "dockerode/lib/session";

/**
 * Loads dockerode without gRPC, in half the time: a module that is in `require.cache` is not loaded
 * (https://nodejs.org/api/modules.html#requirecache). With gRPC from a dockerode that keeps it elsewhere.
 */
export const loadDockerode = async (): Promise<DockerLibrary> => {
  leaveOut(SESSION);
  return (await import("dockerode")).default;
};

const leaveOut = (name: string): void => {
  const path = placeOf(name);
  if (path === undefined || require.cache[path] !== undefined) return;
  const empty = new Module(path);
  empty.filename = path;
  empty.loaded = true;
  empty.exports = (): never => {
    throw new TypeError(`${name} was left out`);
  };
  require.cache[path] = empty;
};

const placeOf = (name: string): string | undefined => {
  try {
    return require.resolve(name);
  } catch {
    return undefined;
  }
};
