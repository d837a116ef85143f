import type { WireguardDevice } from "../model/facts.ts";
import { lines } from "./script.ts";

/** 32 bytes in base64, as wg(8) prints a key: the other hosts get what a host says in their commands. */
export const isPublicKey = (text: string): boolean => /^[A-Za-z0-9+/]{43}=$/.test(text);

/**
 * Parses lines `device NAME PORT PUBLICKEY`, each before those of its peers, `peer NAME` and a line of `wg show NAME dump`: public key,
 * preshared key, endpoint, allowed IPs, latest handshake, received, sent and keepalive by tabs (wg(8)).
 */
export const parseWireguard = (text: string): readonly WireguardDevice[] => {
  const all = lines(text).map((line) => {
    const [kind = "", name = "", ...rest] = line.split(" ");
    return { kind, name, rest: rest.join(" ") };
  });
  return all
    .filter(({ kind }) => kind === "device")
    .map(({ name, rest }) => {
      const [port = "", publicKey = ""] = rest.split(" ");
      const peers = all.filter((line) => line.kind === "peer" && line.name === name).map((line) => peerOf(line.rest));
      return { name, port: Number(port), publicKey, peers };
    });
};

const peerOf = (line: string): WireguardDevice["peers"][number] => {
  const [publicKey = "", , endpoint = "", allowed = "", , , , keepalive = ""] = line.split("\t");
  return {
    publicKey,
    endpoint: endpoint === "(none)" ? "" : endpoint,
    allowed: allowed === "(none)" ? [] : allowed.split(",").sort(),
    keepalive: keepalive === "off" ? 0 : Number(keepalive),
  };
};
