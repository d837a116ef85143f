// Loaded before xhost (node --import): writes what it did toward its hosts to the file XHOST_COUNTS, as JSON: connections, commands over SSH
// with the first line that tells their kind, and calls of Docker's API.
import { writeFileSync } from "node:fs";
import http from "node:http";
import ssh2 from "ssh2";

const counts = { connections: 0, execs: 0, docker: [] };

const { connect, exec } = ssh2.Client.prototype;
ssh2.Client.prototype.connect = function (...words) {
  counts.connections += 1;
  return connect.apply(this, words);
};
ssh2.Client.prototype.exec = function (...words) {
  counts.execs += 1;
  return exec.apply(this, words);
};

const { request } = http;
http.request = function (...words) {
  const [{ method = "GET", path = "" }] = words;
  counts.docker.push(`${method} ${path.replace(/[?].*/, "")}`);
  return request.apply(this, words);
};

process.once("exit", () => writeFileSync(process.env.XHOST_COUNTS, JSON.stringify(counts)));
