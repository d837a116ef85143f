import { ensurePrograms } from "../../src/lab/install.ts";
import { missingOf, missingPrograms } from "../../src/lab/programs.ts";
import { umlImage } from "../../src/lab/uml/image.ts";
import { guestPrograms } from "../../src/lab/uml/needs.ts";

/** Makes the machine ready: missing packages, and the disk image, which is cached. Fails, and does not skip, where that cannot be. */
export const setup = async (): Promise<void> => {
  const options = { onProgress: (line: string) => process.stderr.write(`vm: ${line}\n`), signal: undefined };
  const missing = async () => [...(await missingPrograms(["debian-bookworm"])), ...(await missingOf(guestPrograms))];
  await ensurePrograms(missing, true, options);
  await umlImage(options);
};
