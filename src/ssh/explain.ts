import type { Resolved } from "./resolve.ts";

/** Why a connection failed, in the user's words; knows the error by its code or level, never by its text. */
export const explain = (error: Error, { config, timeout }: { config: Resolved; timeout: number }): string => {
  const code = "code" in error ? error.code : undefined;
  if ("level" in error && error.level === "client-timeout") return `no answer within ${timeout} s`;
  // SSH_OPEN_ADMINISTRATIVELY_PROHIBITED, RFC 4254 section 5.1.
  if ("reason" in error && error.reason === 1) return `its sshd forbids it (${error.message})`;
  if (typeof code === "number") return `the SSH server hangs up: ${error.message}`;
  switch (code) {
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `the name ${config.hostname} cannot be resolved (${code})`;
    case "ECONNREFUSED":
      return `connection refused, no SSH server listens on port ${config.port}`;
    case "ETIMEDOUT":
      return "no answer, the connection timed out";
    case "EHOSTUNREACH":
    case "ENETUNREACH":
      return `no route to ${config.hostname} (${code})`;
    case "ECONNRESET":
    case "EPIPE":
      return `the other side reset the connection (${code})`;
    default:
      return error.message === "" ? (typeof code === "string" ? code : error.name) : error.message;
  }
};
