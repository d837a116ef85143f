/**
 * What a failure asks of the user: INVENTORY fix the file or the command line (exit 3), UNREACHABLE SSH or Docker
 * cannot be reached (exit 4), REMOTE something ran and failed (exit 1), CONFLICT a name or an address is taken by
 * something that is not ours (exit 1).
 */
export type ErrorCode = "INVENTORY" | "UNREACHABLE" | "REMOTE" | "CONFLICT";

/**
 * Every failure that a user may meet. Anything else that is thrown is a bug and keeps its stack.
 * The message reads `<host>: <what failed>: <why>`, then the command on a line of its own, then its stderr.
 */
export class XhostError extends Error {
  readonly code: ErrorCode;
  readonly host: string | undefined;
  constructor(code: ErrorCode, message: string, options: { host?: string; cause?: unknown } = {}) {
    super(options.host === undefined ? message : `${options.host}: ${message}`, { cause: options.cause });
    this.name = "XhostError";
    this.code = code;
    this.host = options.host;
  }
}

/** The same failure with more lines below it. */
export const extended = (error: XhostError, lines: readonly string[]): XhostError => {
  const { code, host, message } = error;
  const own = host === undefined ? message : message.slice(`${host}: `.length);
  return new XhostError(code, [own, ...lines].join("\n"), { ...(host !== undefined && { host }), cause: error });
};

/** Several failures as one, so that the user sees all of them; the code of the gravest kind, unreachable hosts first. */
export const combined = (errors: readonly XhostError[]): XhostError => {
  const order: readonly ErrorCode[] = ["INVENTORY", "UNREACHABLE", "CONFLICT", "REMOTE"];
  const code = order.find((c) => errors.some((e) => e.code === c)) ?? "REMOTE";
  return new XhostError(code, errors.map((e) => e.message).join("\n"), { cause: errors });
};
