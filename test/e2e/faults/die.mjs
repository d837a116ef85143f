// Loaded before xhost (node --import): ends the process like kill -9 at its Nth turn toward a host, which is a command over SSH or a call of
// Docker's API. XHOST_DIE is `N begun` (20 ms into it) or `N done`; without it the turns are counted into the file XHOST_TURNS.
import { writeFileSync } from "node:fs";
import http from "node:http";
import ssh2 from "ssh2";

const [wanted = "0", moment = ""] = (process.env.XHOST_DIE ?? "").split(" ");
let turns = 0;
const die = () => process.kill(process.pid, "SIGKILL");

/** Counts a turn; returns what is to be called when it is over. */
const turn = () => {
  turns += 1;
  if (turns !== Number(wanted)) return () => undefined;
  if (moment === "begun") setTimeout(die, 20);
  return moment === "done" ? die : () => undefined;
};

const { exec } = ssh2.Client.prototype;
ssh2.Client.prototype.exec = function (command, callback) {
  const over = turn();
  return exec.call(this, command, (error, channel) => {
    channel?.once("close", over);
    callback(error, channel);
  });
};

const { request } = http;
http.request = function (...words) {
  const over = turn();
  const asked = request.apply(this, words);
  asked.once("response", (response) => response.once("end", over));
  return asked;
};

if (process.env.XHOST_TURNS !== undefined)
  process.once("exit", () => writeFileSync(process.env.XHOST_TURNS, String(turns)));
