import { defineConfig } from "vite";

// Fixed names: the crate embeds these files, and CI compares them with what the source builds.
export default defineConfig({
  esbuild: { jsx: "automatic", jsxImportSource: "preact" },
  build: {
    outDir: "dist",
    target: "es2022",
    modulePreload: false,
    rollupOptions: {
      output: {
        entryFileNames: "assets/console.js",
        assetFileNames: "assets/console.[ext]",
      },
    },
  },
});
