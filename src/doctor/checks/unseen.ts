import type { XhostError } from "../../errors.ts";
import type { Cause, Remedy } from "../diagnosis.ts";
import type { DiagnosisId } from "../ids.ts";
import { cause, here, onHost } from "./scene.ts";

/** A host that could not be looked at, as a diagnosis; the words are those of xhost's own errors. */
export const unseen = (host: string, error: XhostError, ssh: string): Cause => {
  const text = error.message.startsWith(`${host}: `) ? error.message.slice(host.length + 2) : error.message;
  const [id, remedy] = kindOf(host, error, { text, ssh });
  return cause(id, {
    host,
    seen: text.split("\n").find((line) => id === "sudo-refused" && ROOT.test(line)) ?? text.split("\n")[0] ?? text,
    remedy,
    hitsCheck: (from, to) => from.host === host || to.host === host,
    hitsUnderlay: (from, to) => from === host || to === host,
  });
};

const kindOf = (
  host: string,
  { code }: XhostError,
  { text, ssh }: { readonly text: string; readonly ssh: string },
): readonly [DiagnosisId, Remedy] => {
  if (/\bDocker\b/.test(text)) return ["docker-unreachable", onHost(host, START_DOCKER)];
  if (code === "UNREACHABLE") return ["ssh-unreachable", here(`ssh -v ${ssh} true`)];
  const [, packages] = /^programs are missing: (.*)/.exec(text) ?? [];
  if (packages !== undefined) {
    const names = [...packages.matchAll(/Debian package ([^)]+)/g)].map(([, name]) => name);
    return ["program-missing", onHost(host, `apt-get install -y ${[...new Set(names)].join(" ")}`)];
  }
  if (ROOT.test(text)) return ["sudo-refused", here(`ssh ${ssh} sudo -n true`)];
  return ["host-unreadable", here(`ssh ${ssh} true`)];
};

const ROOT = /\bneeds root\b|\bsudo\b/;

const START_DOCKER = "systemctl start docker 2>/dev/null || service docker start";
