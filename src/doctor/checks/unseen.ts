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
    seen: text,
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
  if (DOCKER.test(text)) return ["docker-unreachable", onHost(host, START_DOCKER)];
  if (code === "UNREACHABLE") return ["ssh-unreachable", here(`ssh -v ${ssh} true`)];
  const [, packages] = /^programs are missing: (.*)/.exec(text) ?? [];
  if (packages !== undefined) {
    const names = [...packages.matchAll(/Debian package ([^)]+)/g)].map(([, name = ""]) => name);
    return ["program-missing", onHost(host, install([...new Set(names)]))];
  }
  if (ROOT.test(text)) return ["sudo-refused", here(`ssh ${ssh} sudo -n true`)];
  return ["host-unreadable", here(`ssh ${ssh} true`)];
};

/** What xhost says of a Docker that does not answer; Docker's own words about anything else are no reason to start it. */
const DOCKER = /\bDocker (cannot be reached|does not answer|daemon)\b(?!.*: permission denied)/;

const ROOT = /\bneeds root\b|\bsudo\b/;

/** By whichever of the three there is; names of Debian, and where Fedora and its kin have another, that. */
const install = (names: readonly string[]): string => {
  const fedora = names.map((name) => FEDORA.get(name) ?? name);
  return [
    `apt-get install -y ${names.join(" ")}`,
    `dnf install -y ${fedora.join(" ")}`,
    `apk add ${names.join(" ")}`,
  ].join(" || ");
};

const FEDORA: ReadonlyMap<string, string> = new Map([
  ["iproute2", "iproute"],
  ["iputils-ping", "iputils"],
]);

const START_DOCKER = "systemctl start docker 2>/dev/null || service docker start";
