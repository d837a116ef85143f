import { spawn } from "node:child_process";
import { Duplex } from "node:stream";
import type { Channel } from "./session.ts";

/** Starts a program of this machine in a session of its own, so that Ctrl-C in the terminal does not reach it; a channel as sshd would give one. */
export const localChannel = (program: string, args: readonly string[]): Promise<Channel> =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: "pipe", detached: true });
    child.once("error", reject);
    child.once("spawn", () => {
      const duplex = new Duplex({
        emitClose: false,
        read: () => void child.stdout.resume(),
        write: (chunk, encoding, done) => void child.stdin.write(chunk, encoding, done),
        final: (done) => void child.stdin.end(done),
        destroy: (error, done) => {
          child.kill();
          done(error);
        },
      });
      child.stdout.on("data", (chunk) => {
        if (!duplex.push(chunk)) child.stdout.pause();
      });
      child.stdout.once("end", () => duplex.push(null));
      // A program that has ended does not read any more: that it ended is told by `close`.
      child.stdin.on("error", () => undefined);
      const both = [duplex, child.stderr].map((stream) => new Promise((read) => stream.once("end", read)));
      const destroyed = new Promise((gone) => child.once("exit", () => duplex.destroyed && gone(undefined)));
      child.once("close", (status, signal) => {
        void Promise.race([Promise.all(both), destroyed]).then(() => duplex.emit("close", status, signal));
      });
      resolve(Object.assign(duplex, { stderr: child.stderr }));
    });
  });
