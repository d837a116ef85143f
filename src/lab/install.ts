import { rename, rm, writeFile } from "node:fs/promises";
import { execa } from "execa";
import { exists } from "./cache.ts";
import { run } from "./run.ts";
import { missingError, type MissingProgram } from "./programs.ts";

type Options = { readonly onProgress: (line: string) => void; readonly signal: AbortSignal | undefined };

/** Fails with the packages of what `missing` finds; with `install` it installs those first. */
export const ensurePrograms = async (
  missing: () => Promise<readonly MissingProgram[]>,
  install: boolean,
  options: Options,
): Promise<void> => {
  const before = await missing();
  if (before.length === 0) return;
  if (!install) throw missingError(before, await packagesFor(before));
  await installPackages(await packagesFor(before), options);
  const still = await missing();
  if (still.length > 0) throw missingError(still, await packagesFor(still));
};

/** The one package for each program that this release has, without repeats; the first name where apt knows none. */
export const packagesFor = async (missing: readonly MissingProgram[]): Promise<readonly string[]> => {
  const names = [...new Set(missing.flatMap(({ packages }) => packages))];
  const { stdout } = await execa("apt-cache", ["policy", ...names], { reject: false, env: { LC_ALL: "C" } });
  const hasCandidate = (name: string) => new RegExp(`^${name}:\\n.*\\n  Candidate: (?!\\(none\\))`, "m").test(stdout);
  return [...new Set(missing.map(({ packages }) => packages.find(hasCandidate) ?? packages[0] ?? ""))].sort();
};

/** Installs with apt-get. No service of these packages is started: a lab wants the programs only. */
export const installPackages = async (packages: readonly string[], { onProgress, signal }: Options): Promise<void> => {
  await withoutServices(async () => {
    onProgress("apt-get update");
    await apt(["update"], signal);
    onProgress(`apt-get install ${packages.join(" ")}`);
    await apt(["install", "--yes", "--no-install-recommends", ...packages], signal);
  });
};

const apt = async (args: readonly string[], signal: AbortSignal | undefined) =>
  await run("env", ["DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet", ...args], { signal });

// invoke-rc.d(8): 101 forbids; the machine's own file is moved aside, so that it comes back as it was
const policy = "/usr/sbin/policy-rc.d";
const saved = `${policy}.xhost-saved`;

const withoutServices = async (work: () => Promise<void>) => {
  // a saved file that is there already is the machine's own, left by an install that was killed
  if ((await exists(policy)) && !(await exists(saved))) await rename(policy, saved);
  try {
    await writeFile(policy, "#!/bin/sh\n# xhost lab up --install, while it runs\nexit 101\n", { mode: 0o755 });
    await work();
  } finally {
    if (await exists(saved)) await rename(saved, policy);
    else await rm(policy, { force: true });
  }
};
