import type { Inventory } from "../inventory/inventory.ts";
import { quote } from "../ssh/quote.ts";
import { POINT_KINDS } from "./point.ts";

/** What Wireshark asks of an extcap program, and the answers: extcap(4), and Wireshark's developer guide, chapter "Extcap". */

/** A capture interface that Wireshark shows. */
export type ExtcapInterface = { readonly value: string; readonly display: string; readonly ref: string };

/** One for each container; the names have to be unique among all extcap programs. */
export const extcapInterfaces = ({ name, containers }: Inventory): readonly ExtcapInterface[] =>
  containers.map(({ ref, host, network }) => ({
    value: `xhost-${name}-${ref}`,
    display: `${ref} on ${host}, network ${network} (xhost ${name})`,
    ref,
  }));

/** Answer to `--extcap-interfaces`. */
export const interfacesText = (inventory: Inventory, version: string): string =>
  [
    `extcap {version=${version}}{display=xhost}`,
    ...extcapInterfaces(inventory).map(({ value, display }) => `interface {value=${value}}{display=${display}}`),
  ].join("\n");

/** Answer to `--extcap-dlts`. The stream is pcapng, whose interface blocks say better what each point has. */
export const dltsText = "dlt {number=1}{name=EN10MB}{display=Ethernet}";

/** Answer to `--extcap-config`: the points, and another container that only the packets between the two are wanted of. */
export const configText = ({ containers }: Inventory, ref: string): string =>
  [
    "arg {number=0}{call=--with}{display=Only packets to and from}{type=selector}{tooltip=Another container; its host is captured too}",
    "arg {number=1}{call=--point}{display=Points}{type=multicheck}{tooltip=Where on the packets' way}",
    "arg {number=2}{call=--filter}{display=Filter}{type=string}{tooltip=Narrows it further; an expression of pcap-filter(7)}",
    "value {arg=0}{value=}{display=anybody}{default=true}",
    ...containers
      .filter((c) => c.ref !== ref)
      .map((c) => `value {arg=0}{value=${c.ref}}{display=${c.ref} on ${c.host}}`),
    ...[...POINT_KINDS].reverse().map((kind) => `value {arg=1}{value=${kind}}{display=${kind}}{default=true}`),
  ].join("\n");

/** The program that Wireshark calls: `run` is how to run xhost, `inventory` an absolute path. */
export const extcapProgram = (run: readonly string[], inventory: string): string =>
  [
    "#!/bin/sh",
    `# Written by xhost capture --install-extcap; remove this file, and Wireshark knows nothing of it any more.`,
    `exec ${[...run, "extcap", inventory].map(quote).join(" ")} "$@"`,
    "",
  ].join("\n");
