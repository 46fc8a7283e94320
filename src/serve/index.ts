/** A bundle as an HTTP service, and the files that put it into a container. Loads Fastify when a service starts, not before. */
import type { Service, ServiceOptions } from "./service.js";

export { type DeployOptions, writeDeployment } from "./deploy.js";
export type { Explain } from "./handlers.js";
export { describeService } from "./openapi.js";
export { parseRedisUrl } from "./redis-url.js";
export type { Service, ServiceOptions } from "./service.js";
export { uploadLimitBytes } from "./upload.js";

/** Loads the libraries of a service, which can go on while its bundle is opened. */
export async function loadService(): Promise<void> {
  await import("./service.js");
}

/** Builds a service that listens nowhere yet: the seam for tests. Throws `usage` for an address of a cache that is none. */
export async function buildService(options: ServiceOptions): Promise<Service> {
  return (await import("./service.js")).buildService(options);
}

/** A service that listens. */
export interface RunningService extends Service {
  /** `http://host:port`. */
  readonly address: string;
}

/** Builds a service and listens; port 0 takes a free one. The bundle is closed where that fails. Throws `address-unusable`, `usage`. */
export async function startService(
  options: ServiceOptions & { readonly port: number; readonly host: string },
): Promise<RunningService> {
  let service: Service | null = null;
  try {
    service = await buildService(options);
    return { ...service, address: await service.listen(options.port, options.host) };
  } catch (error) {
    await (service ?? options.bundle).close();
    throw error;
  }
}
