import type { Step } from "./build.ts";

const RUN = "/run/openvswitch";

/** Ends a daemon and waits for it: what it holds is gone only then. */
const ended = (daemon: string): string =>
  `pid=$(cat ${RUN}/${daemon}.pid) && kill $pid && while kill -0 $pid; do sleep 0.1; done`;

/** Starts Open vSwitch where nobody has, all of its files below /run (ovsdb-server(1), ovs-vswitchd(8)). */
export const ovsSteps: readonly Step[] = [
  {
    command: `mkdir -p ${RUN} && ovsdb-tool create ${RUN}/conf.db /usr/share/openvswitch/vswitch.ovsschema`,
    does: "makes the database in which Open vSwitch keeps its switches and ports",
    undo: `rm -rf ${RUN}`,
    isPartial: true,
  },
  {
    command: `ovsdb-server ${RUN}/conf.db --remote=punix:${RUN}/db.sock --pidfile=${RUN}/ovsdb-server.pid --unixctl=${RUN}/ovsdb-server.ctl --detach`,
    does: "starts the process that serves the database",
    undo: ended("ovsdb-server"),
    isPartial: true,
  },
  { command: "ovs-vsctl --no-wait init", does: "fills in the database's first row", undo: undefined },
  {
    command: `ovs-vswitchd unix:${RUN}/db.sock --pidfile=${RUN}/ovs-vswitchd.pid --detach`,
    does: "starts the process that makes switches and ports as the database says",
    undo: ended("ovs-vswitchd"),
    isPartial: true,
  },
];
