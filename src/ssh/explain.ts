/** Whom one wanted to reach. */
export type Way = { readonly user: string; readonly hostname: string; readonly port: number };

type Attempt = { readonly config: Way; readonly timeout: number };

/** Why a connection failed, in the user's words; knows the error by its code or level, never by its text. */
export const explain = (error: Error, attempt: Attempt): string => {
  const code = "code" in error ? error.code : undefined;
  if ("level" in error && error.level === "client-timeout") return `no answer within ${attempt.timeout} s`;
  // SSH_OPEN_ADMINISTRATIVELY_PROHIBITED, RFC 4254 section 5.1.
  if ("reason" in error && error.reason === 1) return `its sshd forbids it (${error.message})`;
  if (typeof code === "number") return `the SSH server hangs up: ${error.message}`;
  if (typeof code !== "string") return error.message;
  // Node tries all addresses of a name; what is left then is an error with a code and without words.
  return reasons[code]?.(attempt.config, code) ?? (error.message || code);
};

const unresolved = ({ hostname }: Way, code: string): string => `the name ${hostname} cannot be resolved (${code})`;
const noRoute = ({ hostname }: Way, code: string): string => `no route to ${hostname} (${code})`;
const reset = (_config: Way, code: string): string => `the other side reset the connection (${code})`;

const reasons: Readonly<Record<string, (config: Way, code: string) => string>> = {
  ENOTFOUND: unresolved,
  EAI_AGAIN: unresolved,
  ECONNREFUSED: ({ port }) => `connection refused, no SSH server listens on port ${port}`,
  ETIMEDOUT: () => "no answer, the connection timed out",
  EHOSTUNREACH: noRoute,
  ENETUNREACH: noRoute,
  ECONNRESET: reset,
  EPIPE: reset,
};
