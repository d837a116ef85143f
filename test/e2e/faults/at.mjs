// Loaded before xhost (node --import): waits for the first thing to be sent to a host that matches the regular expression XHOST_AT, which is a call of
// Docker's API (`POST /containers/create?name=c1`) or a whole script over SSH. Before that is sent the shell command XHOST_RUN is run, with the process
// standing still; with XHOST_HOLD nothing that matches is ever sent. Says so on stderr.
import { spawnSync } from "node:child_process";
import http from "node:http";
import ssh2 from "ssh2";

const { XHOST_AT = "", XHOST_RUN, XHOST_HOLD } = process.env;
const wanted = new RegExp(XHOST_AT);
let ran = false;

/** Whether it may be sent. */
const passes = (text) => {
  if (!wanted.test(text)) return true;
  if (XHOST_HOLD !== undefined) {
    process.stderr.write("(held)\n");
    return false;
  }
  if (!ran) {
    ran = true;
    const { status } = spawnSync("sh", ["-c", XHOST_RUN], { stdio: "ignore" });
    process.stderr.write(`(ran: ${status})\n`);
  }
  return true;
};

const { exec } = ssh2.Client.prototype;
ssh2.Client.prototype.exec = function (command, callback) {
  return exec.call(this, command, (error, channel) => {
    if (channel !== undefined) {
      const { end } = channel;
      channel.end = function (...words) {
        return passes(String(words[0])) ? end.apply(this, words) : this;
      };
    }
    callback(error, channel);
  });
};

const { request } = http;
http.request = function (...words) {
  if (!passes(`${words[0]?.method} ${words[0]?.path}`)) throw new Error("only scripts can be held");
  return request.apply(this, words);
};
