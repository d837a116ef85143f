import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { build, cacheFolder, exists } from "../cache.ts";
import { bootstrap, debianMirror } from "../debian.ts";
import { run } from "../run.ts";
import { customisation, guestPackages } from "./guest.ts";

/** The only suite that there is a guest of: the kernel of later ones needs their C library. */
export const suite = "bookworm";

/**
 * The disk image that all UML hosts start from, built at the first use (two minutes, 1 GB). Its name carries a hash of what it is
 * made from, the kernel included, whose modules are in it: a change makes another image.
 */
export const umlImage = async (options: {
  readonly onProgress: (line: string) => void;
  readonly signal: AbortSignal | undefined;
}): Promise<string> => {
  const { onProgress, signal } = options;
  const kernel = await run("sh", ["-c", "command -v linux.uml"]);
  const version = await run(kernel, ["--version"]);
  const hash = createHash("sha256")
    .update(await readFile(kernel))
    .update(script)
    .digest("hex")
    .slice(0, 12);
  const folder = `${cacheFolder()}/uml-${suite}-${hash}`;
  const image = `${folder}/image`;
  if (await exists(image)) return image;
  const mirror = await debianMirror();
  onProgress(`building a disk image of Debian ${suite} for Linux ${version} from ${mirror}, about two minutes`);
  await build(folder, { script, args: [suite, mirror, `/usr/lib/uml/modules/${version}`], signal });
  return image;
};

// a file of 8 GB with holes; what a host writes goes to a file of its own
const script = `root=$part/root suite=$2 mirror=$3 modules=$4
mkdir "$part"
${bootstrap(guestPackages)}
${customisation}
truncate -s 8G "$part/image"
mke2fs -q -F -t ext4 -d "$root" "$part/image"
rm -rf --one-file-system "$root"`;
