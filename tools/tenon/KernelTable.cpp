#include "tools/tenon/KernelTable.h"

#include <algorithm>
#include <cstdio>

namespace tenon::cli {

std::vector<KernelRow> kernelRows(const Engine &engine) {
  std::vector<KernelRow> rows;
  double total = 0;
  const auto times = engine.kernelTimes();
  for (size_t i = 0; i < times.size(); ++i) {
    if (!times[i].launches)
      continue;
    const schema::Kernel &kernel = *engine.variant().kernels()->Get(static_cast<uint32_t>(i));
    KernelRow row;
    row.symbol = kernel.symbol()->str();
    row.anchor = kernel.anchor()->str();
    row.launches = times[i].launches;
    row.seconds = static_cast<double>(times[i].nanoseconds) * 1e-9;
    const double launches = static_cast<double>(row.launches);
    row.bytesPerSecond =
        static_cast<double>(kernel.weight_bytes() + kernel.activation_bytes()) * launches / row.seconds;
    row.flopsPerSecond = static_cast<double>(kernel.flops()) * launches / row.seconds;
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

void printKernels(const char *phase, const std::vector<KernelRow> &rows) {
  std::printf("\n%-8s %-24s %8s %10s %7s %9s %10s\n", phase, "kernel", "launches", "us each", "share", "GB/s",
              "GFLOP/s");
  for (const KernelRow &row : rows)
    std::printf("%-8s %-24s %8llu %10.2f %6.1f%% %9.2f %10.1f\n", "", row.symbol.c_str(),
                static_cast<unsigned long long>(row.launches), row.seconds / static_cast<double>(row.launches) * 1e6,
                100 * row.share, row.bytesPerSecond / 1e9, row.flopsPerSecond / 1e9);
}

void writeKernels(JsonWriter &json, const char *name, const std::vector<KernelRow> &rows) {
  json.key(name).beginArray();
  for (const KernelRow &row : rows) {
    json.beginObject()
        .field("symbol", row.symbol)
        .field("anchor", row.anchor)
        .field("launches", row.launches)
        .field("seconds", row.seconds);
    json.field("share", row.share)
        .field("bytes_per_s", row.bytesPerSecond)
        .field("flops_per_s", row.flopsPerSecond)
        .endObject();
  }
  json.endArray();
}

} // namespace tenon::cli
