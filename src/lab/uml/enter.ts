import { quote } from "../../ssh/quote.ts";
import type { Entry } from "../kind.ts";
import type { LabHost, LabRecord } from "../record.ts";
import { onGuest, sshCall, sshFailed } from "./ssh.ts";

/** Over ssh, in `/` and with the exit code of a shell: 128 and the signal's number for a command that one ended. */
export const enterGuest = (
  lab: LabRecord,
  host: LabHost,
  { command, terminal }: { readonly command: readonly string[]; readonly terminal: boolean },
): Entry => {
  // the last command would take the shell's place, and of the signal that ends it ssh(1) makes 255
  const line = `cd / && export LANG=C.UTF-8 TERM=${quote(process.env["TERM"] ?? "dumb")}; ${command.map(quote).join(" ")}; exit $?`;
  return {
    args: sshCall(lab, host, line, terminal ? ["-tt"] : []),
    cwd: lab.folder,
    isBroken: async (exitCode) => exitCode === sshFailed && (await onGuest(lab, host, "true")).exitCode !== 0,
  };
};
