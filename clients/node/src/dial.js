// How a client reaches a server, and shows it who calls.

import { readFileSync } from "node:fs";
import { isIPv4, isIPv6 } from "node:net";

import { credentials, Metadata } from "@grpc/grpc-js";

import { serviceConfig } from "./wire.js";

// A message is kept until it is known that it need not be sent again; gRPC's own bound is smaller than a photo.
const KEPT_FOR_RETRIES = 512 * 1024 * 1024;

const pem = (source) => (typeof source === "string" ? readFileSync(source) : (source ?? null));

function isLoopback(host) {
  const bare = host.replace(/^\[|\]$/g, "");
  if (bare === "localhost") return true;
  return isIPv4(bare) ? bare.startsWith("127.") : isIPv6(bare) && bare === "::1";
}

/** Target, credentials and options of the channel, and what each call shows. */
export function dial(address, options) {
  const { ca, certificate, key, apiKey, token, insecure = false } = options;
  if (apiKey !== undefined && token !== undefined) {
    throw new TypeError("either a key or a token is shown, not both");
  }
  if ((certificate === undefined) !== (key === undefined)) {
    throw new TypeError("a client's certificate and its key are given together");
  }
  const withCertificates = ca !== undefined || certificate !== undefined;
  const parts = /^(?:(https?):\/\/)?(\[[^\]/]+\]|[^:/]+)(?::(\d+))?\/?$/.exec(address);
  if (!parts) {
    throw new TypeError(`"${address}" is no address; say host:port or https://host:port`);
  }
  const [, scheme = withCertificates ? "https" : "http", host, port = "50051"] = parts;
  const secret = apiKey ?? token;
  if (scheme === "http" && withCertificates) {
    throw new TypeError("certificates are of no use over http://, say https://");
  }
  if (scheme === "http" && secret !== undefined && !insecure && !isLoopback(host)) {
    throw new TypeError(
      "a key or token would be sent for all to read: say https://, or insecure: true where " +
        "something else protects the connection",
    );
  }
  const config = options.serviceConfig ?? serviceConfig;
  // grpc-js does not look at the config's bounds of messages by itself.
  const methods = JSON.parse(config).methodConfig ?? [];
  const most = (name) => Math.max(0, ...methods.map((method) => method[name] ?? 0)) || -1;
  return {
    target: `dns:///${host}:${port}`,
    credentials:
      scheme === "https"
        ? credentials.createSsl(pem(ca), pem(key), pem(certificate))
        : credentials.createInsecure(),
    options: {
      "grpc.service_config": config,
      "grpc.service_config_disable_resolution": 1,
      "grpc.enable_retries": 1,
      "grpc.per_rpc_retry_buffer_size": KEPT_FOR_RETRIES,
      "grpc.retry_buffer_size": KEPT_FOR_RETRIES,
      "grpc.max_send_message_length": most("maxRequestMessageBytes"),
      "grpc.max_receive_message_length": most("maxResponseMessageBytes"),
      "grpc.keepalive_time_ms": 60_000,
      "grpc.keepalive_timeout_ms": 20_000,
    },
    // A secret that is a function is asked every time, so it may be renewed.
    async metadata() {
      const metadata = new Metadata();
      const shown = (typeof secret === "function" ? await secret() : secret)?.trim();
      if (apiKey !== undefined) metadata.set("x-api-key", shown);
      else if (token !== undefined) metadata.set("authorization", `Bearer ${shown}`);
      return metadata;
    },
  };
}
