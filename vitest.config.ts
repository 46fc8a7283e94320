import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    maxWorkers: 2, // most of what is waited for are processes of their own
    testTimeout: 300_000,
    hookTimeout: 120_000,
    reporters: ["default", ["json", { outputFile: "coverage/tests.json" }]],
    coverage: { include: ["src/**/*.ts"], exclude: ["src/**/*.test.ts", "src/onnx/onnx_pb.ts"] },
  },
});
