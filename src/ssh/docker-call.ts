import { XhostError } from "../errors.ts";

/**
 * Waits for a Docker call and puts its failure into words: `h1: create network app: pool overlaps` (REMOTE) when the
 * daemon refuses. Use it around calls whose refusal nobody expects; look at `statusCode` where somebody does.
 */
export const dockerCall = async <T>(host: { readonly name: string }, what: string, call: Promise<T>): Promise<T> => {
  try {
    return await call;
  } catch (cause) {
    if (!(cause instanceof Error) || cause instanceof XhostError) throw cause;
    if ("statusCode" in cause)
      throw new XhostError("REMOTE", `${what}: ${daemonMessage(cause)}`, { host: host.name, cause });
    // A stream that breaks off after its beginning; everything before that is an XhostError already.
    if ("code" in cause) throw new XhostError("UNREACHABLE", `${what}: ${cause.message}`, { host: host.name, cause });
    throw cause;
  }
};

const daemonMessage = (error: Error): string => {
  const json: unknown = "json" in error ? error.json : undefined;
  const message: unknown = typeof json === "object" && json !== null && "message" in json ? json.message : undefined;
  return (typeof message === "string" ? message : error.message).trim();
};
