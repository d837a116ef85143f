// The import rule of the design: a stage imports only from stages named before it; everything before ssh/ is pure.
const stages = [
  "(errors|cidr|visible)\\.ts",
  "inventory/",
  "model/",
  "walk/",
  "plan/",
  "ssh/",
  "observe/",
  "apply/",
  "doctor/",
  "(capture|graph|image|init|lab|scenario)/",
  "commands/",
  "cli\\.ts",
];
const pure = stages.slice(0, stages.indexOf("ssh/"));
const test = "\\.test\\.ts$";

export default {
  forbidden: [
    ...stages.slice(0, -1).map((stage, i) => ({
      name: `left-only: ${stage}`,
      severity: "error",
      from: { path: `^src/${stage}`, pathNot: test },
      to: { path: `^src/(${stages.slice(i + 1).join("|")})` },
    })),
    {
      name: "pure",
      comment: "No network, disk, clock or console above the line; hashing is arithmetic.",
      severity: "error",
      from: { path: `^src/(${pure.join("|")})`, pathNot: test },
      to: {
        dependencyTypes: ["core", "npm"],
        pathNot: ["node_modules/(zod|yaml|ip-address|shlex)/", "^(node:)?crypto$"],
      },
    },
    {
      name: "one door: listr2",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/apply/" },
      to: { path: "node_modules/listr2/" },
    },
    {
      name: "one door: ssh2, dockerode",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/ssh/" },
      to: { path: "node_modules/(ssh2|dockerode)/" },
    },
    {
      name: "one door: commander, cli-table3",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/(cli\\.ts|commands/)" },
      to: { path: "node_modules/(commander|cli-table3)/" },
    },
    {
      name: "planes do not know each other",
      severity: "error",
      from: { path: "^src/model/planes/([^/]+)\\.ts$", pathNot: "(index|\\.test)\\.ts$" },
      to: { path: "^src/model/planes/", pathNot: ["/plane\\.ts$", "^src/model/planes/$1\\.ts$"] },
    },
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    {
      name: "no-orphans",
      severity: "error",
      from: { orphan: true, pathNot: ["\\.d\\.ts$"] },
      to: {},
    },
    {
      name: "reachable from the command line",
      severity: "error",
      from: { path: "^src/cli\\.ts$" },
      to: { path: "^src/", reachable: false, pathNot: test },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    doNotFollow: { path: "node_modules" },
    exclude: { path: test },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "types", "node"] },
  },
};
