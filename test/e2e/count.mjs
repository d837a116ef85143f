// Loaded before xhost (node --import): writes what it did toward its hosts to the file XHOST_COUNTS, as JSON: SSH connections, each with its commands and its
// channels to Docker; calls of Docker's API; programs that were started. Times are milliseconds since the process began.
import childProcess from "node:child_process";
import http from "node:http";
import { syncBuiltinESMExports } from "node:module";
import { writeFileSync } from "node:fs";
import ssh2 from "ssh2";

const counts = { connections: [], docker: [], programs: [], loaded: 0, end: 0 };
const connectionOf = new WeakMap();
const now = () => performance.now();
const begun = (known) => ({ ...known, begin: now(), end: undefined });
const over = (one) => () => (one.end ??= now());

const { connect, exec, openssh_forwardOutStreamLocal: forward } = ssh2.Client.prototype;
ssh2.Client.prototype.connect = function (...words) {
  const connection = begun({ commands: [], channels: 0 });
  connectionOf.set(this, connection);
  counts.connections.push(connection);
  counts.loaded ||= now();
  this.once("ready", over(connection));
  return connect.apply(this, words);
};
ssh2.Client.prototype.exec = function (...words) {
  // The beginning of what it is given to read tells what it is for.
  const command = begun({ script: "" });
  connectionOf.get(this).commands.push(command);
  const callback = words.pop();
  return exec.call(this, ...words, (error, channel) => {
    if (channel) {
      const { write, end } = channel;
      const noting = (method) =>
        function (text, ...rest) {
          if (typeof text === "string" && command.script.length < 20_000) command.script += text;
          return method.call(this, text, ...rest);
        };
      Object.assign(channel, { write: noting(write), end: noting(end) });
      channel.once("close", over(command));
    }
    callback(error, channel);
  });
};
ssh2.Client.prototype.openssh_forwardOutStreamLocal = function (...words) {
  connectionOf.get(this).channels += 1;
  return forward.apply(this, words);
};

const { request } = http;
http.request = function (...words) {
  const [{ method = "GET", path = "" }] = words;
  const call = begun({ call: `${method} ${path.replace(/[?].*/, "")}` });
  counts.docker.push(call);
  const made = request.apply(this, words);
  made.once("response", (response) => response.once("end", over(call)));
  return made;
};

const { spawn } = childProcess;
childProcess.spawn = function (...words) {
  counts.programs.push([words[0], ...(Array.isArray(words[1]) ? words[1] : [])].join(" "));
  return spawn.apply(this, words);
};
// For those who have imported them by name.
syncBuiltinESMExports();

process.once("exit", () => {
  counts.end = now();
  writeFileSync(process.env.XHOST_COUNTS, JSON.stringify(counts));
});
