// What xhost has used, measured from inside: a program for `node --import`. Plain JavaScript, since types would cost xhost their removal.

/** Seconds of processor time: xhost's own in user mode, the kernel's for it, and that of the programs it started; the most memory it ever had, in MiB. */
export type Usage = Readonly<Record<"user" | "system" | "programs" | "memory", number>>;

/** Writes the usage, in the end, to the file that XHOST_USAGE names. Fields 16 and 17 of proc_pid_stat(5), in ticks of 1/100 s, are of ended children. */
export const usageProgram = `
import { readFileSync, writeFileSync } from "node:fs";
process.on("exit", () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const fields = readFileSync("/proc/self/stat", "utf8").split(") ")[1].split(" ");
  const programs = (Number(fields[13]) + Number(fields[14])) / 100;
  const usage = { user: userCPUTime / 1e6, system: systemCPUTime / 1e6, programs, memory: maxRSS / 1024 };
  writeFileSync(process.env.XHOST_USAGE, JSON.stringify(usage));
});
`;
