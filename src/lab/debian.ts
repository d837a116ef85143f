import { XhostError } from "../errors.ts";
import { exists } from "./cache.ts";
import { run } from "./run.ts";

/** Debian's own key; checked before a root is built since mmdebstrap's complaint does not name the package. */
const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";

/**
 * The shell command that fills the folder `$root` with a small Debian; `$suite` and `$mirror` say which. `hooks` are
 * mmdebstrap's: shell commands with the folder as `$1`.
 */
export const bootstrap = (packages: string, hooks: readonly string[] = []): string =>
  [
    `mmdebstrap --mode=root --variant=minbase --skip=check/empty --include=${packages}`,
    `--aptopt='Acquire::Check-Valid-Until "false"'`,
    ...hooks.map((hook) => `--customize-hook='${hook}'`),
    `"$suite" "$root" "deb [signed-by=${keyring}] $mirror $suite main"`,
  ].join(" \\\n  ");

/** The mirror that the machine's own apt has found near; security and updates suites have another label or path. */
export const debianMirror = async (): Promise<string> => {
  if (!(await exists(keyring)))
    throw new XhostError("REMOTE", `lab: ${keyring} is missing: it is in package debian-archive-keyring`);
  const targets = await run("apt-get", [
    "indextargets",
    "--format",
    "$(SITE)\t$(LABEL)\t$(COMPONENT)",
    "Created-By: Packages",
  ]);
  const [site] =
    targets
      .split("\n")
      .map((line) => line.split("\t"))
      .find(([, label, part]) => label === "Debian" && part === "main") ?? [];
  if (site === undefined)
    throw new XhostError("REMOTE", "lab: apt has no Debian mirror among its sources (apt-get update?)");
  return site;
};
