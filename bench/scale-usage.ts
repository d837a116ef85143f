// Loaded into xhost with --import: writes what the process has used, in the end, to the file that XHOST_USAGE names.
import { readFileSync, writeFileSync } from "node:fs";

/** Seconds of processor time, xhost's own and that of the programs it started, and the most memory it ever had, in MB. */
export type Usage = { readonly own: number; readonly programs: number; readonly memory: number };

const file = process.env["XHOST_USAGE"];
if (file !== undefined)
  process.on("exit", () => {
    const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
    const stat = readFileSync("/proc/self/stat", "utf8").split(") ")[1]?.split(" ") ?? [];
    // Fields 16 and 17 of proc_pid_stat(5), in ticks of 1/100 s; the two before the blank are cut off.
    const programs = (Number(stat[13]) + Number(stat[14])) / 100;
    const usage: Usage = { own: (userCPUTime + systemCPUTime) / 1e6, programs, memory: maxRSS / 1000 };
    writeFileSync(file, JSON.stringify(usage));
  });
