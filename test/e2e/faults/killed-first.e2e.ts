import { testKilled } from "./killed.ts";

testKilled({ engine: "bookworm", what: "first", at: "begun" });
