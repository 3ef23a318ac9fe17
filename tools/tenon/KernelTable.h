// What each kernel took and did, for `tenon bench --kernels`.
#pragma once

#include "runtime/session/Engine.h"
#include "tools/cli/JsonWriter.h"

#include <string>
#include <vector>

namespace tenon::cli {

struct KernelRow {
  std::string symbol, anchor;
  uint64_t launches = 0;
  double seconds = 0;        // all launches
  double share = 0;          // of the time in kernels
  double bytesPerSecond = 0; // weights and activations
  double flopsPerSecond = 0;
};

// The kernels that ran since timing was switched on, slowest first.
std::vector<KernelRow> kernelRows(const Engine &engine);

void printKernels(const char *phase, const std::vector<KernelRow> &rows);
void writeKernels(JsonWriter &json, const char *name, const std::vector<KernelRow> &rows);

} // namespace tenon::cli
