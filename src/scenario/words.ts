import { quote } from "../ssh/quote.ts";

/** `ip` in a namespace: `ip -n ns1`; in the host's own for the other nodes, whose devices are there. */
export const ip = (node: string, isNamespace: boolean): string => (isNamespace ? `ip -n ${node}` : "ip");

/** A shell command of somebody's own as it is typed on the host to run in a node. */
export const within = (node: string, isNamespace: boolean, run: string): string => {
  if (!isNamespace) return run;
  return `ip netns exec ${node} ${/^[\w@%+=:,./ -]+$/.test(run) ? run : `sh -c ${quote(run)}`}`;
};

/** What takes a rule back: the words of `iptables` that put it there, with -D. */
export const ruleUndo = (text: string): string =>
  text.replace(/(^| )-A /, "$1-D ").replace(/(^| )-I (\S+)( \d+)?(?= )/, "$1-D $2");

/** A rule with the comment that says whose it is: only what carries it is taken away again. */
export const marked = (text: string, scenario: string): string =>
  / -j \S/.test(text) ? text.replace(/(?= -j \S)/, commentOf(scenario)) : `${text}${commentOf(scenario)}`;

const commentOf = (scenario: string): string => ` -m comment --comment xhost-scenario:${scenario}`;
