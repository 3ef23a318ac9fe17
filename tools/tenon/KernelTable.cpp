#include "tools/tenon/KernelTable.h"

#include "runtime/base/Printable.h"

#include <algorithm>
#include <cstdio>

namespace tenon::cli {
namespace {

bool isAttention(const schema::Kernel &kernel) { return kernel.anchor()->string_view() == "attention"; }

} // namespace

std::vector<KernelRow> kernelRows(const Engine &engine, const StepCost &cost, double steps) {
  std::vector<KernelRow> rows;
  double total = 0, attention = 0; // seconds; operations of attention as counted for the longest context
  const auto times = engine.kernelTimes();
  const auto &kernels = *engine.variant().kernels();
  for (size_t i = 0; i < times.size(); ++i)
    if (const schema::Kernel &kernel = *kernels.Get(static_cast<uint32_t>(i)); isAttention(kernel))
      attention += static_cast<double>(kernel.flops()) * static_cast<double>(times[i].launches);
  for (size_t i = 0; i < times.size(); ++i) {
    if (!times[i].launches)
      continue;
    const schema::Kernel &kernel = *kernels.Get(static_cast<uint32_t>(i));
    const double launches = static_cast<double>(times[i].launches);
    KernelRow row;
    row.symbol = kernel.symbol()->str();
    row.anchor = kernel.anchor()->str();
    row.launches = times[i].launches;
    row.seconds = static_cast<double>(times[i].nanoseconds) * 1e-9;
    row.work = {static_cast<double>(kernel.weight_bytes() + kernel.activation_bytes()) * launches,
                static_cast<double>(kernel.flops()) * launches, limitOf(kernel)};
    // What the step really attends to, split among attention kernels as their counts for the longest context are.
    if (isAttention(kernel)) {
      const double part = row.work.operations / attention;
      row.work.operations = part * steps * cost.launches.back().operations;
      row.work.bytes += part * steps * cost.launches.back().bytes;
    }
    total += row.seconds;
    rows.push_back(std::move(row));
  }
  for (KernelRow &row : rows)
    row.share = row.seconds / total;
  std::sort(rows.begin(), rows.end(), [](const KernelRow &a, const KernelRow &b) {
    return a.seconds != b.seconds ? a.seconds > b.seconds : a.symbol < b.symbol;
  });
  return rows;
}

void printKernels(const char *phase, const std::vector<KernelRow> &rows, const cpu::Limits &limits) {
  std::printf("\n%-8s %-24s %8s %10s %10s %7s %9s %10s\n", phase, "kernel", "launches", "us each", "predicted", "share",
              "GB/s", "GFLOP/s");
  for (const KernelRow &row : rows) {
    const double launches = static_cast<double>(row.launches);
    std::printf("%-8s %-24s %8llu %10.2f %10.2f %6.1f%% %9.2f %10.1f\n", "", printable(row.symbol).c_str(),
                static_cast<unsigned long long>(row.launches), row.seconds / launches * 1e6,
                row.work.seconds(limits) / launches * 1e6, 100 * row.share, row.work.bytes / row.seconds / 1e9,
                row.work.operations / row.seconds / 1e9);
  }
}

void writeKernels(JsonWriter &json, const char *name, const std::vector<KernelRow> &rows, const cpu::Limits &limits) {
  json.key(name).beginArray();
  for (const KernelRow &row : rows) {
    json.beginObject()
        .field("symbol", row.symbol)
        .field("anchor", row.anchor)
        .field("launches", row.launches)
        .field("seconds", row.seconds)
        .field("predicted_seconds", row.work.seconds(limits));
    json.field("share", row.share)
        .field("bytes_per_s", row.work.bytes / row.seconds)
        .field("flops_per_s", row.work.operations / row.seconds)
        .endObject();
  }
  json.endArray();
}

} // namespace tenon::cli
