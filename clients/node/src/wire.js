// The messages of the wire, from the proto file.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { loadPackageDefinition } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

const here = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));

const shape = { longs: Number, enums: String, defaults: true, oneofs: true };
const includeDirs = [here("proto")];
const definition = loadSync("scanvet/v1/scanvet.proto", { ...shape, includeDirs });

/** The client that grpc-js makes of the proto file. */
export const { ValidationService } = loadPackageDefinition(definition).scanvet.v1;

/** The messages of which a fault's details are made. */
export const details = loadSync("details.proto", { ...shape, includeDirs });

/** The published service config: deadlines, retries, largest messages. */
export const serviceConfig = readFileSync(here("service_config.json"), "utf8");
