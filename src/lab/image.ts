import { chmod, copyFile, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { run } from "./run.ts";

/** Writes the root of the lab's image as a tar: busybox under all its names, and a page for `httpd -h /www`. */
export const writeImage = async (tar: string, busybox: string, signal: AbortSignal | undefined): Promise<void> => {
  const root = `${tar}.root`;
  for (const folder of ["", "bin", "etc", "proc", "sys", "dev", "root", "www", "tmp"]) {
    await mkdir(`${root}/${folder}`, { recursive: true });
    await chmod(`${root}/${folder}`, folder === "tmp" ? 0o1777 : 0o755);
  }
  await copyFile(busybox, `${root}/bin/busybox`);
  const applets = (await run(busybox, ["--list"], { signal })).split("\n");
  await Promise.all(applets.filter((a) => a !== "busybox").map((a) => symlink("busybox", `${root}/bin/${a}`)));
  await writeFile(`${root}/etc/passwd`, "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n");
  await writeFile(`${root}/etc/group`, "root:x:0:\nnogroup:x:65534:\n");
  await writeFile(`${root}/www/index.html`, "hello from the xhost lab\n");
  await run("tar", ["--owner=0", "--group=0", "--numeric-owner", "-C", root, "-cf", tar, "."], { signal });
  await rm(root, { recursive: true });
};

/** True for a program that needs no dynamic loader, and so runs alone in an image: an ELF file without PT_INTERP (elf(5)). */
export const isStaticProgram = async (path: string): Promise<boolean> => {
  const file = await readFile(path);
  // 64-bit and little-endian, as every port of Debian on which Docker is common
  if (file.length < 64 || file.readUInt32BE(0) !== 0x7f454c46 || file.readUInt16LE(4) !== 0x0102) return false;
  const [offset, size, count] = [Number(file.readBigUInt64LE(32)), file.readUInt16LE(54), file.readUInt16LE(56)];
  return Array.from({ length: count }, (_, i) => file.readUInt32LE(offset + i * size)).every((type) => type !== 3);
};
