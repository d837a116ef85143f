import type { WireguardPeer } from "../../model/link.ts";
import { linkName } from "../../model/names.ts";
import type { Remedy } from "../diagnosis.ts";
import { onHost, type Scene } from "./scene.ts";

/** What a host's tunnel says of another host from which it has heard nothing for too long, and the command to begin anew with that. */
export type Silence = { readonly host: string; readonly seen: string; readonly remedy: Remedy | undefined };

/** Seconds after which WireGuard makes no use of a session any more (its paper, section 6.1: reject-after-time). */
const REJECT_AFTER = 180;

/** Undefined where the handshake is young enough, or nothing is known of it. */
export const silenceOf = ({ fabric, seen }: Scene, host: string, peer: string): Silence | undefined => {
  const key = fabric.ports.wireguard.get(peer)?.publicKey;
  const its = seen.find((s) => s.host === host);
  const device = linkName(fabric.inventory.name, "wireguard");
  const last = its?.depth.wireguard.find((p) => p.device === device && p.publicKey === key)?.handshake;
  if (its === undefined || last === undefined) return undefined;
  const age = its.depth.clock - last;
  if (last !== 0 && age <= REJECT_AFTER) return undefined;
  const known = its.facts.wireguard.find((d) => d.name === device)?.peers.find((p) => p.publicKey === key);
  return {
    host,
    seen:
      last === 0
        ? `no WireGuard handshake with ${peer} so far`
        : `the last WireGuard handshake with ${peer} was ${age} s ago`,
    remedy: known && onHost(host, anew(device, known)),
  };
};

type Known = Pick<WireguardPeer, "publicKey" | "endpoint" | "allowed" | "keepalive">;

/** A peer that is new has no session, no preshared key and no latest timestamp, by which handshakes of a clock set back are refused (wg(8)). */
const anew = (device: string, { publicKey, endpoint, allowed, keepalive }: Known): string =>
  [
    `wg set ${device} peer ${publicKey} remove`,
    [
      `wg set ${device} peer ${publicKey}`,
      ...(endpoint === "" ? [] : [`endpoint ${endpoint}`]),
      `allowed-ips ${allowed.join(",")}`,
      ...(keepalive === 0 ? [] : [`persistent-keepalive ${keepalive}`]),
    ].join(" "),
  ].join("\n");
