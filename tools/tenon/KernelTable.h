// What each kernel took, did and should have taken, for `tenon bench --kernels`.
#pragma once

#include "runtime/session/Engine.h"
#include "tools/cli/JsonWriter.h"
#include "tools/tenon/StepCost.h"

#include <string>
#include <vector>

namespace tenon::cli {

struct KernelRow {
  std::string symbol, anchor;
  uint64_t launches = 0;
  double seconds = 0; // all launches
  double share = 0;   // of the time in kernels
  Work work;          // of all launches
};

// The kernels that ran since timing was switched on, slowest first. `cost` is that of one step, `steps` how many ran:
// attention's work depends on the context, so it comes from there.
std::vector<KernelRow> kernelRows(const Engine &engine, const StepCost &cost, double steps);

void printKernels(const char *phase, const std::vector<KernelRow> &rows, const cpu::Limits &limits);
void writeKernels(JsonWriter &json, const char *name, const std::vector<KernelRow> &rows, const cpu::Limits &limits);

} // namespace tenon::cli
